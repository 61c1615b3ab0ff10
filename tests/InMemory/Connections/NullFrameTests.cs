using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Connections;

/// <summary>The null frame guard, end to end.</summary>
public sealed class NullFrameTests
{
    private const int NullOutboundFrame = 4310;

    public static TheoryData<ProtocolVersion, TransportKind, QoS> Cases
    {
        get
        {
            var data = new TheoryData<ProtocolVersion, TransportKind, QoS>();
            foreach (var version in (ProtocolVersion[])[ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt5])
            {
                foreach (var kind in Enum.GetValues<TransportKind>())
                {
                    foreach (var qos in Enum.GetValues<QoS>())
                    {
                        data.Add(version, kind, qos);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task I1NullFrameClosesItsConnectionAndLosesNothing(ProtocolVersion version, TransportKind kind, QoS qos)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        gateway.ExpectError(NullOutboundFrame);
        var watcher = await gateway.ConnectAsync("w");
        await watcher.SubscribeAsync("will", QoS.AtLeastOnce);
        uint? expiry = version == ProtocolVersion.Mqtt5 ? 1000 : null;
        var will = new ClientWill("will", "gone"u8.ToArray(), QoS.AtLeastOnce);
        var client = gateway.Open(kind);
        await client.ConnectAsync("c", cleanStart: false, expiry, version, will: will);
        await client.SubscribeAsync("t", qos);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "before", qos);
        await client.ExpectPublishAsync("before");
        await client.NothingMoreAsync();

        var connection = gateway.Connections.All.Single(connection => connection.Client.Id == "c");
        connection.Outbound.TryEnqueue(default);
        await publisher.PublishAsync("t", "behind it", qos); // wakes the writer

        await client.ExpectDisconnectAsync(ReasonCode.ImplementationSpecificError);
        Assert.Equal(TransportCloseStatus.InternalError, client.Transport.CloseStatus);
        await gateway.GoneAsync(client);
        await watcher.ExpectPublishAsync("gone");
        var line = Assert.Single(gateway.Log.Lines, line => line.EventId == NullOutboundFrame);
        Assert.Contains(kind.ToString(), line.Message);
        Assert.Contains("NullOutboundFrame for c,", line.Message);
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_null_outbound_frames_total"));
        Assert.Equal(1, gateway.Metrics.Sum("mqtt_connections_closed_total", "NullOutboundFrame"));
        await Stuck.UntilAsync(() => !gateway.Activations.Contains("SessionGrain/default/c"), "the grain to be deactivated");
        Assert.True((await gateway.SessionInfoAsync("c")).Exists);

        client = await gateway.ConnectAsync("c", cleanStart: false, expiry, version);
        if (qos != QoS.AtMostOnce)
        {
            await client.ExpectPublishAsync("behind it");
        }

        await client.NothingMoreAsync();
    }

    [Fact] // I1: at a rate of one in fifty, with publishers at work
    public async Task I1NoAcknowledgedMessageIsMissingWhenNullFramesKeepComing()
    {
        const int Messages = 500;
        await using var gateway = await InMemoryGateway.StartAsync();
        gateway.ExpectError(NullOutboundFrame);
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var publishing = Task.Run(async () =>
        {
            var publisher = await gateway.ConnectAsync("p");
            for (var i = 0; i < Messages; i++)
            {
                await publisher.PublishAsync("t", $"{i}", QoS.AtLeastOnce);
                if (i % 50 == 25)
                {
                    gateway.Connections.All.FirstOrDefault(connection => connection is { Client.Id: "c", Session: not null })?.Outbound.TryEnqueue(default);
                }
            }
        });
        var seen = new HashSet<int>();
        var closed = 0;
        while (seen.Count < Messages)
        {
            var packet = await client.ReceiveAsync();
            if (packet?.Type == PacketType.Publish)
            {
                seen.Add(int.Parse(packet.Text));
                client.Send(ClientPackets.Puback(packet.PacketId));
            }
            else if (packet is null)
            {
                closed++;
                client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
            }
        }

        await publishing.OrStuck("the publisher");
        Assert.InRange(closed, 1, 10);
        Assert.Equal(closed, gateway.Metrics.Sum("mqtt_null_outbound_frames_total"));
        Assert.Equal(closed, gateway.Log.Lines.Count(line => line.EventId == NullOutboundFrame));
    }

    [Fact]
    public async Task StuckClientIsClosedWithinAQuarterOfASecond()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        gateway.ExpectError(NullOutboundFrame);
        var client = await gateway.ConnectAsync("c");
        await client.SubscribeAsync("t");
        var connection = gateway.Connections.All.Single();
        client.Send(ClientPackets.Pingreq());
        await client.ExpectAsync(PacketType.Pingresp);
        connection.Outbound.TryEnqueue(default);
        client.Transport.StopTaking();
        client.Send(ClientPackets.Pingreq());
        await Stuck.UntilAsync(() => connection.IsClosing, "the guard");
        await Stuck.CalmAsync(); // its grace has begun
        Assert.False(client.Transport.IsClosedByServer);
        gateway.Time.Advance(TimeSpan.FromMilliseconds(500));
        await client.ClosedAsync();
        await gateway.GoneAsync(client);
    }

    [Fact]
    public async Task NobodyElseNotices()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        gateway.ExpectError(NullOutboundFrame);
        var clients = new List<MemoryClient>();
        for (var i = 0; i < 5; i++)
        {
            clients.Add(await gateway.ConnectAsync($"c{i}"));
            await clients[i].SubscribeAsync("t");
        }

        gateway.Connections.All.Single(connection => connection.Client.Id == "c2").Outbound.TryEnqueue(default);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m");
        for (var i = 0; i < 5; i++)
        {
            await (i == 2 ? clients[i].ExpectDisconnectAsync(ReasonCode.ImplementationSpecificError) : clients[i].ExpectPublishAsync("m"));
        }
    }
}
