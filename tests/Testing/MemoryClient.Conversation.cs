using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Testing;

/// <summary>What most tests say to a server before they come to the point.</summary>
public sealed partial class MemoryClient
{
    /// <summary>Publications that came while an acknowledgement was awaited.</summary>
    private readonly Queue<ServerPacket> _aside = new();
    private ushort _lastPacketId;

    /// <summary>Of the CONNECT.</summary>
    public ProtocolVersion Version { get; set; } = ProtocolVersion.Mqtt5;

    public ushort NextPacketId() => _lastPacketId = (ushort)(_lastPacketId % ushort.MaxValue + 1);

    /// <summary>CONNECT; returns CONNACK. <paramref name="expiry"/> is the Session Expiry Interval, left out when null.</summary>
    public async Task<ServerPacket> ConnectAsync(
        string clientId, bool cleanStart = true, uint? expiry = null, ProtocolVersion version = ProtocolVersion.Mqtt5,
        ushort keepAlive = 0, ClientWill? will = null, PropertyList? properties = null)
    {
        Connect(clientId, cleanStart, expiry, version, keepAlive, will, properties);
        return await ExpectAsync(PacketType.Connack);
    }

    /// <summary>CONNECT without waiting for the answer.</summary>
    public void Connect(
        string clientId, bool cleanStart = true, uint? expiry = null, ProtocolVersion version = ProtocolVersion.Mqtt5,
        ushort keepAlive = 0, ClientWill? will = null, PropertyList? properties = null)
    {
        Version = version;
        var all = new PropertyList();
        if (expiry is { } seconds)
        {
            all.Add(PropertyId.SessionExpiryInterval, seconds);
        }

        all.Add(properties?.ToArray() ?? []);
        Send(ClientPackets.Connect(version, clientId, cleanStart, keepAlive, will: will, properties: all));
    }

    /// <summary>SUBSCRIBE to one filter; fails unless it is granted at that QoS.</summary>
    public async Task SubscribeAsync(
        string filter, QoS qos = QoS.AtMostOnce, uint identifier = 0, bool noLocal = false, bool retainAsPublished = false,
        RetainHandling retainHandling = RetainHandling.SendAtSubscribe)
    {
        var options = Version == ProtocolVersion.Mqtt5
            ? ClientPackets.SubscribeOptions(qos, noLocal, retainAsPublished, retainHandling)
            : (byte)qos;
        var suback = await SubscribeAsync([(filter, options)], identifier);
        if (suback.Reasons is not [var granted] || granted != (ReasonCode)qos)
        {
            throw new InvalidOperationException($"SUBSCRIBE {filter} at QoS {qos} was answered by {string.Join(", ", suback.Reasons)}.");
        }
    }

    /// <summary>SUBSCRIBE; returns SUBACK.</summary>
    public async Task<ServerPacket> SubscribeAsync((string Filter, byte Options)[] entries, uint identifier = 0)
    {
        var properties = identifier == 0 ? null : new PropertyList { { PropertyId.SubscriptionIdentifier, identifier } };
        var packetId = NextPacketId();
        Send(ClientPackets.Subscribe(packetId, entries, Version, properties));
        var suback = await ExpectAsync(PacketType.Suback);
        return suback.PacketId == packetId ? suback : throw Unexpected(suback, $"SUBACK {packetId}");
    }

    /// <summary>UNSUBSCRIBE; returns UNSUBACK.</summary>
    public async Task<ServerPacket> UnsubscribeAsync(params string[] filters)
    {
        Send(ClientPackets.Unsubscribe(NextPacketId(), filters, Version));
        return await ExpectAsync(PacketType.Unsuback);
    }

    /// <summary>PUBLISH with its whole handshake; the server has dispatched it when this completes. Returns the first reason code.</summary>
    public async Task<ReasonCode> PublishAsync(
        string topic, string payload, QoS qos = QoS.AtMostOnce, bool retain = false, PropertyList? properties = null)
    {
        if (qos == QoS.AtMostOnce)
        {
            Send(ClientPackets.Publish(topic, payload, qos, 0, retain, false, Version, properties));
            await NothingMoreAsync();
            return ReasonCode.Success;
        }

        var packetId = NextPacketId();
        Send(ClientPackets.Publish(topic, payload, qos, packetId, retain, false, Version, properties));
        if (qos == QoS.AtLeastOnce)
        {
            return (await AwaitAsync(PacketType.Puback, packetId)).Reason;
        }

        var reason = (await AwaitAsync(PacketType.Pubrec, packetId)).Reason;
        if ((byte)reason < 0x80)
        {
            Send(ClientPackets.Pubrel(packetId, Version));
            await AwaitAsync(PacketType.Pubcomp, packetId);
        }

        return reason;
    }

    /// <summary>The next packet, whichever it is; null when the server closed.</summary>
    public async Task<ServerPacket?> ReceiveAsync()
    {
        if (_aside.TryDequeue(out var earlier))
        {
            return earlier;
        }

        return await ReceivePacketAsync() is { } bytes ? ServerPacket.Read(bytes, Version) : null;
    }

    /// <summary>The next packet, which must be of this type.</summary>
    public async Task<ServerPacket> ExpectAsync(PacketType type)
    {
        var packet = await ReceiveAsync();
        return packet?.Type == type ? packet : throw Unexpected(packet, type.ToString());
    }

    public async Task<ServerPacket> ExpectAsync(PacketType type, ushort packetId)
    {
        var packet = await ExpectAsync(type);
        return packet.PacketId == packetId ? packet : throw Unexpected(packet, $"{type} {packetId}");
    }

    /// <summary>The next packet, which must be a PUBLISH with this text; acknowledged when <paramref name="acknowledge"/> says so.</summary>
    public async Task<ServerPacket> ExpectPublishAsync(string text, bool acknowledge = true)
    {
        var publish = await ExpectAsync(PacketType.Publish);
        if (publish.Text != text)
        {
            throw Unexpected(publish, $"PUBLISH of '{text}', not of '{publish.Text}'");
        }

        if (acknowledge)
        {
            await FinishAsync(publish);
        }

        return publish;
    }

    /// <summary>Says what the receiver of a PUBLISH has to say until it is done.</summary>
    public async Task FinishAsync(ServerPacket publish)
    {
        if (publish.QoS == QoS.AtLeastOnce)
        {
            Send(ClientPackets.Puback(publish.PacketId, Version));
        }
        else if (publish.QoS == QoS.ExactlyOnce)
        {
            Send(ClientPackets.Pubrec(publish.PacketId, Version));
            await AwaitAsync(PacketType.Pubrel, publish.PacketId);
            Send(ClientPackets.Pubcomp(publish.PacketId, Version));
        }
    }

    /// <summary>The acknowledgement that comes next; publications before it are kept for later.</summary>
    public async Task<ServerPacket> AwaitAsync(PacketType type, ushort packetId)
    {
        while (true)
        {
            var packet = await ReceivePacketAsync() is { } bytes ? ServerPacket.Read(bytes, Version) : null;
            if (packet?.Type == type && packet.PacketId == packetId)
            {
                return packet;
            }

            _aside.Enqueue(packet?.Type == PacketType.Publish ? packet : throw Unexpected(packet, $"{type} {packetId}"));
        }
    }

    /// <summary>Proves that nothing waits for this client: the answer to a PINGREQ, which keeps its place in the one queue, comes next.</summary>
    public async Task NothingMoreAsync()
    {
        Send(ClientPackets.Pingreq());
        await ExpectAsync(PacketType.Pingresp);
    }

    /// <summary>The server ends the connection: with a DISCONNECT of this reason on MQTT 5, without a word before.</summary>
    public async Task ExpectDisconnectAsync(ReasonCode reason)
    {
        if (Version == ProtocolVersion.Mqtt5)
        {
            var disconnect = await ExpectAsync(PacketType.Disconnect);
            if (disconnect.Reason != reason)
            {
                throw Unexpected(disconnect, $"DISCONNECT {reason}");
            }
        }

        await ExpectClosedAsync();
    }

    /// <summary>The server ends the connection without another packet.</summary>
    public async Task ExpectClosedAsync()
    {
        if (await ReceiveAsync() is { } packet)
        {
            throw Unexpected(packet, "the end of the connection");
        }
    }

    private static InvalidOperationException Unexpected(ServerPacket? packet, string expected) =>
        new($"Expected {expected}, got {packet?.ToString() ?? "the end of the connection"}.");
}
