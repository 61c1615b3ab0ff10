using System.Text;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Messages;

/// <summary>The Will Message of a connection. MQTT 5 §3.1.2.5.</summary>
internal sealed class Will(WillPacket packet)
{
    public uint DelaySeconds { get; } = packet.DelayInterval;

    /// <summary>The record carries the expiry interval, not a time: it counts from the publication, see <see cref="Messages.Message.PublishedAt"/>.</summary>
    public Message Message { get; } = Message.Create(
        Encoding.UTF8.GetBytes(packet.Topic),
        packet.ForwardedProperties,
        packet.Payload,
        packet.QoS,
        packet.Retain,
        packet.MessageExpiryInterval is { } seconds ? Math.Min(-1, -1000L * seconds) : 0).Compact();

    public WillRecord ToRecord() => new(Message.ToArray(), DelaySeconds);
}
