using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;
using GrainMQ.Gateway.Sessions;

namespace GrainMQ.Gateway.Handlers;

/// <summary>CONNECT: who is it, may it come in, and which session does it get. MQTT 5 §3.1.</summary>
internal sealed partial class ConnectHandler(GatewayContext gateway, Authenticators authenticators, SessionOpener opener)
{
    private readonly ConnectionOptions _options = gateway.Options.Connections;

    public ValueTask<ReasonCode> Handle(Connection connection, ReadOnlySpan<byte> body)
    {
        var error = ConnectPacket.TryParse(body, out var packet, out var version);
        if (version != 0)
        {
            connection.Version = version;
        }

        if (packet is null || error != ReasonCode.Success)
        {
            Refuse(connection, error, canAnswer: version != 0);
            return new(ReasonCode.Success);
        }

        return ConnectAsync(connection, packet);
    }

    private async ValueTask<ReasonCode> ConnectAsync(Connection connection, ConnectPacket packet)
    {
        connection.ClientId = packet.ClientId.Length > 0 ? packet.ClientId : $"auto-{Guid.CreateVersion7():N}"; // [MQTT-3.1.3-6]
        connection.ClientMaximumPacketSize = (int)Math.Min(packet.MaximumPacketSize ?? int.MaxValue, int.MaxValue);
        var reason = Check(packet);
        if (reason != ReasonCode.Success)
        {
            Refuse(connection, reason, canAnswer: true);
            return ReasonCode.Success;
        }

        if (packet.AuthenticationMethod is { } method)
        {
            await BeginExchangeAsync(connection, packet, method).ConfigureAwait(false);
            return ReasonCode.Success;
        }

        connection.OnConnectReceived();
        var result = await authenticators.AuthenticateAsync(connection.AuthenticationRequest(packet)).ConfigureAwait(false);
        if (result.Reason != ReasonCode.Success)
        {
            Refuse(connection, result.Reason, canAnswer: true);
            return ReasonCode.Success;
        }

        await OpenAsync(connection, packet, result.UserName, null).ConfigureAwait(false);
        return ReasonCode.Success;
    }

    /// <summary>The client is who it says. <paramref name="data"/> is the last word of an exchange, for CONNACK.</summary>
    private async ValueTask OpenAsync(Connection connection, ConnectPacket packet, string? userName, byte[]? data)
    {
        connection.UserName = userName;
        Configure(connection, packet);
        if (Encode(connection, packet, ExpiryMaximum, sessionPresent: false, data) is null)
        {
            Refuse(connection, ReasonCode.PacketTooLarge, canAnswer: false); // not even CONNACK fits what the client accepts [MQTT-3.1.2-24]
            return;
        }

        var reason = await opener.OpenAsync(
            connection, packet.CleanStart, SessionExpiry(packet), Quota(packet),
            (sessionPresent, session) => Accept(connection, packet, session, sessionPresent, data)).ConfigureAwait(false);
        if (reason != ReasonCode.Success)
        {
            Refuse(connection, reason, canAnswer: true);
        }
    }

    private ReasonCode Check(ConnectPacket packet)
    {
        if (gateway.Memory.RefusesConnect)
        {
            return ReasonCode.QuotaExceeded;
        }

        if (packet.Will is { } will)
        {
            if ((byte)will.QoS > _options.MaximumQoS)
            {
                return ReasonCode.QoSNotSupported; // [MQTT-3.2.2-12]
            }

            if (will.Retain && !_options.RetainAvailable)
            {
                return ReasonCode.RetainNotSupported; // [MQTT-3.2.2-13]
            }

            if (TopicFilter.Levels(will.Topic) > _options.MaximumTopicLevels)
            {
                return ReasonCode.TopicNameInvalid;
            }
        }

        return ReasonCode.Success;
    }

    private void Configure(Connection connection, ConnectPacket packet)
    {
        connection.SessionExpiryMaximum = ExpiryMaximum;
        connection.Will = packet.Will is null ? null : new Will(packet.Will);
        var aliases = Math.Min(packet.TopicAliasMaximum, gateway.Options.Outbound.TopicAliasMaximum);
        connection.OutboundAliases = aliases == 0 ? null : new OutboundTopicAliases(aliases); // [MQTT-3.1.2-26] [MQTT-3.1.2-27]
    }

    /// <summary>The session is there: CONNACK is the first packet that leaves. [MQTT-3.2.0-1]</summary>
    private void Accept(Connection connection, ConnectPacket packet, Session session, bool sessionPresent, byte[]? data)
    {
        if (Encode(connection, packet, session.ExpirySeconds, sessionPresent, data) is { } connack)
        {
            connection.Reply(OutboundFrame.Of(PacketType.Connack, connack));
        }

        connection.Session = session;
        connection.SetKeepAlive(KeepAlive(packet));
        HandlerLog.Connected(gateway.Logger, connection.ClientId, connection.RemoteEndPoint, connection.Version, sessionPresent);
    }

    /// <summary>CONNACK; null when it is larger than the client accepts.</summary>
    private byte[]? Encode(Connection connection, ConnectPacket packet, uint expiry, bool sessionPresent, byte[]? data)
    {
        var keepAlive = KeepAlive(packet);
        var connack = new ConnackPacket
        {
            ReasonCode = ReasonCode.Success,
            SessionPresent = sessionPresent,
            SessionExpiryInterval = expiry == packet.SessionExpiryInterval ? null : expiry,
            ReceiveMaximum = _options.ReceiveMaximum,
            MaximumQoS = _options.MaximumQoS < 2 ? (QoS)_options.MaximumQoS : null, // [MQTT-3.2.2-9]
            RetainAvailable = _options.RetainAvailable ? null : false,
            MaximumPacketSize = (uint)_options.MaximumPacketSize,
            AssignedClientIdentifier = packet.ClientId.Length == 0 ? connection.ClientId : null, // [MQTT-3.2.2-16]
            TopicAliasMaximum = _options.TopicAliasMaximum == 0 ? null : _options.TopicAliasMaximum,
            WildcardSubscriptionAvailable = _options.WildcardSubscriptionAvailable ? null : false,
            SubscriptionIdentifierAvailable = _options.SubscriptionIdentifiersAvailable ? null : false,
            SharedSubscriptionAvailable = _options.SharedSubscriptionAvailable ? null : false,
            ServerKeepAlive = keepAlive == packet.KeepAlive ? null : keepAlive, // [MQTT-3.2.2-21]
            AuthenticationMethod = packet.AuthenticationMethod, // [MQTT-4.12.0-5] [MQTT-4.12.0-6]
            AuthenticationData = data,
        };
        return connack.Encode(connection.Version, (uint)connection.ClientMaximumPacketSize);
    }

    /// <summary>A CONNACK where the version has one for the reason, then the end. [MQTT-3.1.4-6] [MQTT-3.2.2-7]</summary>
    private void Refuse(Connection connection, ReasonCode reason, bool canAnswer)
    {
        HandlerLog.Refused(gateway.Logger, connection.ClientId, connection.RemoteEndPoint, reason);
        if (canAnswer && new ConnackPacket { ReasonCode = reason }.Encode(connection.Version, (uint)connection.ClientMaximumPacketSize) is { } bytes)
        {
            connection.Reply(OutboundFrame.Of(PacketType.Connack, bytes));
        }

        connection.Close(CloseCause.ConnectRefused);
    }

    private uint ExpiryMaximum => (uint)Math.Min(_options.SessionExpiryMaximum.TotalSeconds, uint.MaxValue);

    /// <summary>Older versions cannot name an interval: what is not clean lives as long as the server allows.</summary>
    private uint SessionExpiry(ConnectPacket packet) => packet.Version == ProtocolVersion.Mqtt5
        ? Math.Min(packet.SessionExpiryInterval, ExpiryMaximum)
        : packet.CleanStart ? 0 : ExpiryMaximum;

    private ushort KeepAlive(ConnectPacket packet) =>
        packet.Version == ProtocolVersion.Mqtt5 && _options.KeepAliveMaximum != 0
            && (packet.KeepAlive == 0 || packet.KeepAlive > _options.KeepAliveMaximum)
            ? _options.KeepAliveMaximum
            : packet.KeepAlive;

    private int Quota(ConnectPacket packet) => Math.Min(packet.ReceiveMaximum, gateway.Options.Delivery.MaximumInFlight); // [MQTT-3.3.4-9]
}
