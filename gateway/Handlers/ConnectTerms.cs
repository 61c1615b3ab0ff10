using System.Text;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Handlers;

/// <summary>What the server grants of what a CONNECT asks for. MQTT 5 §3.1.2.11, §3.2.2.3.</summary>
internal sealed class ConnectTerms(ConnectionOptions connections, OutboundOptions outbound, DeliveryOptions delivery)
{
    /// <summary>The longest Session Expiry Interval in seconds.</summary>
    public uint SessionExpiryMaximum { get; } = (uint)Math.Min(connections.SessionExpiryMaximum.TotalSeconds, uint.MaxValue);

    /// <summary>The client as the packet describes it, before it has authenticated.</summary>
    public Client Grant(ConnectPacket packet) =>
        new(packet.Version, packet.ClientId.Length > 0 ? packet.ClientId : $"auto-{Guid.CreateVersion7():N}") // [MQTT-3.1.3-6]
        {
            CleanStart = packet.CleanStart,
            KeepAlive = KeepAlive(packet),
            SessionExpiry = SessionExpiry(packet),
            ReceiveMaximum = Math.Min(packet.ReceiveMaximum, delivery.MaximumInFlight), // [MQTT-3.3.4-9]
            MaximumPacketSize = Math.Min(packet.MaximumPacketSize ?? uint.MaxValue, FixedHeader.LargestPacket),
            TopicAliasMaximum = Math.Min(packet.TopicAliasMaximum, outbound.TopicAliasMaximum), // [MQTT-3.1.2-26] [MQTT-3.1.2-27]
        };

    /// <summary>The client once it has authenticated. Its will takes memory, which only those get that are let in.</summary>
    public static Client Admit(Client client, ConnectPacket packet, string? userName) =>
        client with { UserName = userName, Will = packet.Will is null ? null : new Will(packet.Will) };

    /// <summary>Success, or why this server does not take the will.</summary>
    public ReasonCode Check(WillPacket will)
    {
        if ((byte)will.QoS > connections.MaximumQoS)
        {
            return ReasonCode.QoSNotSupported; // [MQTT-3.2.2-12]
        }

        if (will.Retain && !connections.RetainAvailable)
        {
            return ReasonCode.RetainNotSupported; // [MQTT-3.2.2-13]
        }

        if (TopicName.IsReserved(Encoding.UTF8.GetBytes(will.Topic)))
        {
            return ReasonCode.NotAuthorized; // §4.7.2
        }

        return TopicFilter.Levels(will.Topic) > connections.MaximumTopicLevels ? ReasonCode.TopicNameInvalid : ReasonCode.Success;
    }

    /// <summary>Older versions cannot name an interval: what is not clean lives as long as the server allows.</summary>
    private uint SessionExpiry(ConnectPacket packet) => packet.Version == ProtocolVersion.Mqtt5
        ? Math.Min(packet.SessionExpiryInterval, SessionExpiryMaximum)
        : packet.CleanStart ? 0 : SessionExpiryMaximum;

    /// <summary>Only MQTT 5 can tell the client another Keep Alive than its own.</summary>
    private ushort KeepAlive(ConnectPacket packet) =>
        packet.Version == ProtocolVersion.Mqtt5 && connections.KeepAliveMaximum != 0
            && (packet.KeepAlive == 0 || packet.KeepAlive > connections.KeepAliveMaximum)
            ? connections.KeepAliveMaximum
            : packet.KeepAlive;
}
