using System.Buffers.Binary;
using System.Text;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Sockets.Raw;

/// <summary>A packet that the broker sent, cut from the stream; shares no code with the broker's encoders.</summary>
internal sealed record ServerPacket(byte First, byte[] Body, ProtocolVersion Version)
{
    public PacketType Type => (PacketType)(First >> 4);

    public QoS QoS => (QoS)(First >> 1 & 3);

    public bool Retain => (First & 1) != 0;

    public bool Duplicate => (First & 8) != 0;

    public bool SessionPresent => Type == PacketType.Connack && (Body[0] & 1) != 0;

    public string Topic => Encoding.UTF8.GetString(Body, 2, UInt16(0));

    public byte[] Payload => Body[PayloadStart()..];

    public string Text => Encoding.UTF8.GetString(Body.AsSpan(PayloadStart()));

    public ushort PacketId => Type == PacketType.Publish ? UInt16(2 + UInt16(0)) : UInt16(0);

    /// <summary>Of CONNACK, DISCONNECT, PUBACK and their kind; Success where the packet leaves it out.</summary>
    public ReasonCode Reason => Type switch
    {
        PacketType.Connack => (ReasonCode)Body[1],
        PacketType.Disconnect => Body.Length == 0 ? ReasonCode.Success : (ReasonCode)Body[0],
        PacketType.Suback or PacketType.Unsuback => (ReasonCode)Body[^1],
        _ => Body.Length < 3 ? ReasonCode.Success : (ReasonCode)Body[2],
    };

    public override string ToString() => $"{Type} {First:X2} {Convert.ToHexString(Body.AsSpan(0, Math.Min(Body.Length, 32)))}";

    private ushort UInt16(int at) => BinaryPrimitives.ReadUInt16BigEndian(Body.AsSpan(at));

    private int PayloadStart()
    {
        int at = 2 + UInt16(0) + (QoS == QoS.AtMostOnce ? 0 : 2);
        if (Version != ProtocolVersion.Mqtt5)
            return at;
        int length = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte digit = Body[at++];
            length |= (digit & 127) << shift;
            if (digit < 128)
                return at + length;
        }
    }
}
