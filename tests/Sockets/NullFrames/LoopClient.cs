using System.Globalization;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.NullFrames;

/// <summary>
/// A client with a session that outlives its connections; it publishes numbers to itself, so that publications and acknowledgements
/// of every kind share its one outbound queue. After each lost connection it goes on where the protocol says.
/// </summary>
internal sealed class LoopClient(SocketGateway gateway, ListenerKind transport, ProtocolVersion version, QoS qos, int messages)
{
    public const string ClientId = "loop";
    public const string WillTopic = "loop/gone";

    private const string Topic = "loop";
    private const int Window = 20;

    private readonly SortedDictionary<ushort, int> _published = [];
    private readonly SortedSet<ushort> _released = [];
    private readonly HashSet<ushort> _incoming = [];
    private int _next;
    private int _unanswered;

    /// <summary>Numbers whose publication was acknowledged by PUBACK or PUBREC.</summary>
    public HashSet<int> Acknowledged { get; } = [];

    /// <summary>Numbers in the order of arrival.</summary>
    public List<int> Received { get; } = [];

    /// <summary>Called for every packet that arrives.</summary>
    public Action OnPacket { get; init; } = static () => { };

    /// <summary>Called when the broker has ended a connection, with its last packet.</summary>
    public Func<RawClient, ServerPacket?, Task> OnEnded { get; init; } = static (_, _) => Task.CompletedTask;

    private bool IsDone => qos == QoS.AtMostOnce
        ? _next == messages && _unanswered == 0
        : Acknowledged.Count == messages && _released.Count == 0 && _incoming.Count == 0 && Received.Distinct().Count() == messages;

    public async Task RunAsync()
    {
        for (var first = true; !IsDone; first = false)
        {
            await using var client = await RawClient.OpenAsync(gateway, transport, version);
            await ConnectAsync(client, sessionPresent: !first);
            if (first)
            {
                await client.SendAsync(ClientPackets.Subscribe(ushort.MaxValue, Topic, qos, version));
                await client.ReceiveAsync(PacketType.Suback);
            }

            if (await GoOnAsync(client) is { HasEnded: true } end)
            {
                await OnEnded(client, end.Last);
            }
        }
    }

    private async Task ConnectAsync(RawClient client, bool sessionPresent)
    {
        var expiry = new PropertyList { { PropertyId.SessionExpiryInterval, 300u } };
        var will = new ClientWill(WillTopic, "gone"u8.ToArray(), QoS.AtLeastOnce);
        await client.SendAsync(ClientPackets.Connect(version, ClientId, cleanStart: false, will: will, properties: expiry));
        var connack = await client.ReceiveAsync(PacketType.Connack);
        var says = version != ProtocolVersion.Mqtt31; // its CONNACK has no such flag
        Assert.Equal((ReasonCode.Success, sessionPresent && says), (connack.Reason, connack.SessionPresent));
    }

    private async Task<(bool HasEnded, ServerPacket? Last)> GoOnAsync(RawClient client)
    {
        _unanswered = 0; // QoS 0 that was on its way is gone
        await RepeatAsync(client);
        ServerPacket? last = null;
        while (!IsDone)
        {
            await PublishAsync(client);
            var packet = await client.ReceiveAsync();
            if (packet is null)
            {
                return (true, last);
            }

            last = packet;
            OnPacket();
            await AnswerAsync(client, packet);
        }

        // an end that has begun while the last packet arrived still counts
        await client.SendAsync(ClientPackets.Pingreq());
        while (await client.ReceiveAsync() is { } packet)
        {
            last = packet;
            if (packet.Type == PacketType.Pingresp)
            {
                return (false, last);
            }
        }

        return (true, last);
    }

    /// <summary>What was not acknowledged, in its order. [MQTT-4.4.0-1]</summary>
    private async Task RepeatAsync(RawClient client)
    {
        foreach (var packetId in _released)
        {
            await client.SendAsync(ClientPackets.Pubrel(packetId, version));
        }

        foreach (var (packetId, number) in _published)
        {
            await client.SendAsync(Publish(packetId, number, dup: true));
        }
    }

    private async Task PublishAsync(RawClient client)
    {
        while (_next < messages && _unanswered + _published.Count + _released.Count < Window)
        {
            var number = _next++;
            var packetId = (ushort)(number + 1);
            if (qos == QoS.AtMostOnce)
            {
                _unanswered++;
            }
            else
            {
                _published[packetId] = number;
            }

            await client.SendAsync(Publish(packetId, number, dup: false));
            if (qos == QoS.AtMostOnce)
            {
                await client.SendAsync(ClientPackets.Pingreq()); // its answer opens the window again, whatever happened to the message
            }
        }
    }

    private byte[] Publish(ushort packetId, int number, bool dup) => ClientPackets.Publish(
        Topic, number.ToString(CultureInfo.InvariantCulture), qos, packetId, dup: dup, version: version);

    private Task AnswerAsync(RawClient client, ServerPacket packet)
    {
        switch (packet.Type)
        {
            case PacketType.Pingresp:
                _unanswered--;
                return Task.CompletedTask;
            case PacketType.Puback:
                Acknowledge(packet.PacketId);
                return Task.CompletedTask;
            case PacketType.Pubrec:
                Acknowledge(packet.PacketId);
                _released.Add(packet.PacketId);
                return client.SendAsync(ClientPackets.Pubrel(packet.PacketId, version));
            case PacketType.Pubcomp:
                Assert.True(_released.Remove(packet.PacketId), $"PUBCOMP for {packet.PacketId}, which is not released.");
                return Task.CompletedTask;
            case PacketType.Publish:
                return TakeAsync(client, packet);
            case PacketType.Pubrel:
                _incoming.Remove(packet.PacketId);
                return client.SendAsync(ClientPackets.Pubcomp(packet.PacketId, version));
            default:
                Assert.Equal(PacketType.Disconnect, packet.Type);
                return Task.CompletedTask;
        }
    }

    private void Acknowledge(ushort packetId)
    {
        if (_published.Remove(packetId, out var number))
        {
            Acknowledged.Add(number);
        }
        else
        {
            Assert.Contains(packetId, _released); // a second PUBREC answers a repeated PUBLISH
        }
    }

    private Task TakeAsync(RawClient client, ServerPacket packet)
    {
        Assert.Equal(qos, packet.QoS);
        var isNew = qos != QoS.ExactlyOnce || _incoming.Add(packet.PacketId);
        if (isNew)
        {
            Received.Add(int.Parse(packet.Text, CultureInfo.InvariantCulture));
        }

        return qos switch
        {
            QoS.AtMostOnce => Task.CompletedTask,
            QoS.AtLeastOnce => client.SendAsync(ClientPackets.Puback(packet.PacketId, version)),
            _ => client.SendAsync(ClientPackets.Pubrec(packet.PacketId, version)),
        };
    }
}
