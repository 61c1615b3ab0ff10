using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Handlers;

/// <summary>Encodes CONNACK, the only place that does. MQTT 5 §3.2.</summary>
internal sealed class ConnackEncoder(ConnectionOptions options)
{
    /// <summary>The CONNACK that accepts a client; null when it is larger than the client accepts. [MQTT-3.1.2-24]</summary>
    /// <param name="client">What is granted.</param>
    /// <param name="packet">What was asked for.</param>
    /// <param name="sessionPresent">Whether the session goes on, which changes one bit and no length. [MQTT-3.2.2-2] [MQTT-3.2.2-3]</param>
    /// <param name="authenticationData">The last word of enhanced authentication; null: none.</param>
    public byte[]? Accept(Client client, ConnectPacket packet, bool sessionPresent, byte[]? authenticationData)
    {
        var connack = new ConnackPacket
        {
            ReasonCode = ReasonCode.Success,
            SessionPresent = sessionPresent,
            SessionExpiryInterval = client.SessionExpiry == packet.SessionExpiryInterval ? null : client.SessionExpiry,
            ReceiveMaximum = options.ReceiveMaximum,
            MaximumQoS = options.MaximumQoS < 2 ? (QoS)options.MaximumQoS : null, // [MQTT-3.2.2-9]
            RetainAvailable = options.RetainAvailable ? null : false,
            MaximumPacketSize = (uint)options.MaximumPacketSize,
            AssignedClientIdentifier = packet.ClientId.Length == 0 ? client.Id : null, // [MQTT-3.2.2-16]
            TopicAliasMaximum = options.TopicAliasMaximum == 0 ? null : options.TopicAliasMaximum,
            WildcardSubscriptionAvailable = options.WildcardSubscriptionAvailable ? null : false,
            SubscriptionIdentifierAvailable = options.SubscriptionIdentifiersAvailable ? null : false,
            SharedSubscriptionAvailable = options.SharedSubscriptionAvailable ? null : false,
            ServerKeepAlive = client.KeepAlive == packet.KeepAlive ? null : client.KeepAlive, // [MQTT-3.2.2-21]
            AuthenticationMethod = packet.AuthenticationMethod, // [MQTT-4.12.0-5] [MQTT-4.12.0-6]
            AuthenticationData = authenticationData,
        };
        return connack.Encode(client.Version, client.MaximumPacketSize);
    }

    /// <summary>Whether the client accepts the CONNACK that it would get.</summary>
    public bool Fits(Client client, ConnectPacket packet, byte[]? authenticationData) =>
        Accept(client, packet, sessionPresent: false, authenticationData) is not null;

    /// <summary>The CONNACK that refuses; null where the version has none for the reason. [MQTT-3.1.4-6]</summary>
    public static byte[]? Refuse(ProtocolVersion version, ReasonCode reason, uint maximumPacketSize) =>
        new ConnackPacket { ReasonCode = reason }.Encode(version, maximumPacketSize);
}
