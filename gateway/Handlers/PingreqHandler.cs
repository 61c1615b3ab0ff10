using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Handlers;

/// <summary>PINGREQ, for every version and transport, without a grain: the answer is one shared frame in the one queue. MQTT 5 §3.12.</summary>
internal static class PingreqHandler
{
    private static readonly byte[] Pingresp = [(byte)PacketType.Pingresp << 4, 0];

    public static ReasonCode Handle(Connection connection, ReadOnlySpan<byte> body)
    {
        if (!body.IsEmpty)
        {
            return ReasonCode.MalformedPacket;
        }

        connection.Reply(OutboundFrame.Of(PacketType.Pingresp, Pingresp)); // [MQTT-3.12.4-1]
        return ReasonCode.Success;
    }
}
