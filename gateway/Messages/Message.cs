using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Messages;

/// <summary>
/// One Application Message as bytes in a block that all of its receivers share: a fixed header, then Topic Name, forwarded
/// properties and payload. The block belongs to the garbage collector and is never written again once the message is made, so
/// there is nothing to release too early. <c>default</c> is no message.
/// </summary>
internal readonly struct Message
{
    private const byte QoSMask = 0b0011, RetainFlag = 0b0100;

    private readonly byte[]? _block;
    private readonly int _offset;

    internal Message(byte[] block, int offset) => (_block, _offset) = (block, offset);

    public bool IsNull => _block is null;

    /// <summary>The bytes of the record, header included: what is counted against every byte bound.</summary>
    public int Length => Head.Length;

    public QoS QoS => (QoS)(Head.Flags & QoSMask);

    public bool Retain => (Head.Flags & RetainFlag) != 0;

    /// <summary>Unix milliseconds after which the message is no longer delivered; 0 = never. MQTT 5 §3.3.2.3.3.</summary>
    public long ExpiresAt => Head.ExpiresAt;

    public int TopicLength => Head.TopicLength;
    public int PropertiesLength => Head.PropertiesLength;
    public int PayloadLength => Head.Length - MessageHeader.Size - Head.TopicLength - Head.PropertiesLength;

    public ReadOnlySpan<byte> Topic => _block.AsSpan(_offset + MessageHeader.Size, Head.TopicLength);

    /// <summary>The properties that are forwarded unaltered and in order, encoded as in a v5 PUBLISH. [MQTT-3.3.2-17]</summary>
    public ReadOnlySpan<byte> Properties => _block.AsSpan(_offset + MessageHeader.Size + Head.TopicLength, Head.PropertiesLength);

    public ReadOnlySpan<byte> Payload =>
        _block.AsSpan(_offset + MessageHeader.Size + Head.TopicLength + Head.PropertiesLength, PayloadLength);

    private ref readonly MessageHeader Head =>
        ref Unsafe.As<byte, MessageHeader>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_block!), _offset)); // callers check IsNull

    public bool IsExpired(long now) => Head.ExpiresAt > 0 && Head.ExpiresAt <= now;

    /// <summary>
    /// A Will Message lives from its publication on, not from CONNECT: until then its record carries the interval, negated.
    /// MQTT 5 §3.1.3.2.4.
    /// </summary>
    public Message PublishedAt(long now) =>
        Head.ExpiresAt >= 0 ? this : Create(Topic, Properties, Payload, QoS, Retain, now - Head.ExpiresAt);

    public bool IsSameAs(in Message other) => ReferenceEquals(_block, other._block) && _offset == other._offset;

    /// <summary>The record alone in an array of its own: what leaves the gateway, and what a long queue keeps instead of a whole block.</summary>
    public byte[] ToArray() =>
        _offset == 0 && _block!.Length == Length ? _block : _block.AsSpan(_offset, Length).ToArray(); // callers check IsNull

    /// <summary>A message in a block of the exact size pins no other message in memory.</summary>
    public Message Compact() => new(ToArray(), 0);

    /// <summary>Reads a record that came back from a grain; false when it is not one.</summary>
    public static bool TryRead(byte[]? record, out Message message)
    {
        message = default;
        if (record is null || record.Length < MessageHeader.Size)
        {
            return false;
        }

        var candidate = new Message(record, 0);
        ref readonly var head = ref candidate.Head;
        if (head.Length != record.Length || head.PropertiesLength < 0 || candidate.PayloadLength < 0)
        {
            return false;
        }

        message = candidate;
        return true;
    }

    /// <summary>Makes a message of parts. <paramref name="properties"/> are encoded v5 properties without Topic Alias and expiry.</summary>
    public static Message Create(
        ReadOnlySpan<byte> topic, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> payload, QoS qos, bool retain, long expiresAt)
    {
        var message = Reserve(topic, properties.Length, payload, qos, retain, expiresAt, out var target);
        properties.CopyTo(target);
        return message;
    }

    /// <summary>Makes the message of a PUBLISH; the topic is given apart because an alias may stand for it.</summary>
    public static Message Create(scoped ReadOnlySpan<byte> topic, scoped in PublishPacket packet, long expiresAt)
    {
        var message = Reserve(topic, packet.ForwardedPropertiesLength, packet.Payload, packet.QoS, packet.Retain, expiresAt, out var target);
        if (target.Length != 0)
        {
            packet.CopyForwardedProperties(target);
        }

        return message;
    }

    private static Message Reserve(
        scoped ReadOnlySpan<byte> topic, int propertiesLength, scoped ReadOnlySpan<byte> payload, QoS qos, bool retain, long expiresAt,
        out Span<byte> properties)
    {
        var length = MessageHeader.Size + topic.Length + propertiesLength + payload.Length;
        var (block, offset) = MessageBlock.Reserve(length);
        ref var head = ref Unsafe.As<byte, MessageHeader>(ref block[offset]);
        head.Length = length;
        head.PropertiesLength = propertiesLength;
        head.ExpiresAt = expiresAt;
        head.TopicLength = (ushort)topic.Length;
        head.Flags = (byte)((byte)qos | (retain ? RetainFlag : 0));
        head.Reserved = 0;
        var body = block.AsSpan(offset + MessageHeader.Size);
        topic.CopyTo(body);
        properties = body.Slice(topic.Length, propertiesLength);
        payload.CopyTo(body[(topic.Length + propertiesLength)..]);
        return new Message(block, offset);
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct MessageHeader
    {
        public const int Size = 24;
        public int Length;
        public int PropertiesLength;
        public long ExpiresAt;
        public ushort TopicLength;
        public byte Flags;
        public byte Reserved;
        private readonly int _padding;
    }
}
