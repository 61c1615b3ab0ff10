using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Sessions;

/// <summary>Will Messages: when, whether, and exactly once. MQTT 5 §3.1.2.5, §3.1.3.2.</summary>
public sealed class WillTests
{
    private static readonly ClientWill Plain = new("will/c", "gone"u8.ToArray(), QoS.AtLeastOnce);

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task WillIsPublishedWhenTheNetworkBreaks(ProtocolVersion version) // [MQTT-3.1.2-8]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        var client = await gateway.ConnectAsync("c", version: version, will: Plain);
        await gateway.DropAsync(client);
        await watcher.ExpectPublishAsync("gone");
        await watcher.NothingMoreAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task DisconnectDiscardsTheWill(ProtocolVersion version) // [MQTT-3.14.4-3]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        var client = await gateway.ConnectAsync("c", version: version, will: Plain);
        await gateway.DisconnectAsync(client);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(30));
        await watcher.NothingMoreAsync();
    }

    [Theory]
    [InlineData(ReasonCode.DisconnectWithWillMessage)]
    [InlineData(ReasonCode.UnspecifiedError)]
    [InlineData(ReasonCode.ProtocolError)]
    public async Task DisconnectWithAnotherReasonPublishesTheWill(ReasonCode reason)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        var client = await gateway.ConnectAsync("c", will: Plain);
        await gateway.DisconnectAsync(client, reason);
        await watcher.ExpectPublishAsync("gone");
        await watcher.NothingMoreAsync();
    }

    [Fact]
    public async Task ProtocolErrorPublishesTheWill()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        var client = await gateway.ConnectAsync("c", will: Plain);
        client.Send(ClientPackets.Connect(clientId: "c")); // [MQTT-3.1.0-2]
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        await watcher.ExpectPublishAsync("gone");
        await watcher.NothingMoreAsync();
    }

    [Fact]
    public async Task DelayedWillOfADurableSessionWaits() // §3.1.3.2.2
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        var client = await gateway.ConnectAsync("c", expiry: 1000, will: Delayed(30));
        await gateway.DropAsync(client);

        await gateway.AdvanceAsync(TimeSpan.FromSeconds(29));
        await watcher.NothingMoreAsync();
        await gateway.AdvanceUntilAsync(watcher.ExpectPublishAsync("gone"), "the will");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(60));
        await watcher.NothingMoreAsync();
    }

    [Fact]
    public async Task ComingBackBeforeTheDelayCancelsTheWill() // [MQTT-3.1.3-9]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, will: Delayed(30));
        await gateway.DropAsync(client);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(20));
        await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(60));
        await watcher.NothingMoreAsync();
    }

    [Fact]
    public async Task CleanStartWhileTheDelayRunsPublishesTheWillAtOnce() // [MQTT-3.1.2-8]: the session ends
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, will: Delayed(30));
        await gateway.DropAsync(client);
        await gateway.ConnectAsync("c", cleanStart: true, expiry: 1000, sessionPresent: false);
        await watcher.ExpectPublishAsync("gone");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(60));
        await watcher.NothingMoreAsync();
    }

    [Fact]
    public async Task SessionThatExpiresBeforeTheDelayPublishesTheWillThen() // §3.1.3.2.2: whichever comes first
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        var client = await gateway.ConnectAsync("c", expiry: 10, will: Delayed(1000));
        await gateway.DropAsync(client);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(8));
        await watcher.NothingMoreAsync();
        await gateway.AdvanceUntilAsync(watcher.ExpectPublishAsync("gone"), "the will");
        Assert.False((await gateway.SessionInfoAsync("c")).Exists);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(60));
        await watcher.NothingMoreAsync();
    }

    [Fact]
    public async Task DelayedWillOfAnEphemeralSessionIsPublishedAtOnce()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        var client = await gateway.ConnectAsync("c", expiry: 0, will: Delayed(30));
        await gateway.DropAsync(client);
        await watcher.ExpectPublishAsync("gone");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(60));
        await watcher.NothingMoreAsync();
    }

    [Fact]
    public async Task DisconnectWithWillKeepsTheDelay()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        var client = await gateway.ConnectAsync("c", expiry: 1000, will: Delayed(30));
        await gateway.DisconnectAsync(client, ReasonCode.DisconnectWithWillMessage);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(28));
        await watcher.NothingMoreAsync();
        await gateway.AdvanceUntilAsync(watcher.ExpectPublishAsync("gone"), "the will");
    }

    [Fact]
    public async Task WillIsRetainedWhenItSaysSo() // [MQTT-3.1.2-15]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", will: Plain with { Retain = true });
        await gateway.DropAsync(client);
        var late = await gateway.ConnectAsync("late");
        await late.SubscribeAsync("will/+", QoS.AtLeastOnce);
        Assert.True((await late.ExpectPublishAsync("gone")).Retain);
    }

    [Fact]
    public async Task WillReachesADurableSessionThatIsOffline()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await gateway.ConnectAsync("w", cleanStart: false, expiry: 1000);
        await watcher.SubscribeAsync("will/+", QoS.AtLeastOnce);
        await gateway.DropAsync(watcher);
        var client = await gateway.ConnectAsync("c", will: Plain);
        await gateway.DropAsync(client);
        watcher = await gateway.ConnectAsync("w", cleanStart: false, expiry: 1000, sessionPresent: true);
        await watcher.ExpectPublishAsync("gone");
    }

    [Fact]
    public async Task WillCarriesItsProperties()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        var client = await gateway.ConnectAsync("c", will: Plain with
        {
            Properties = new PropertyList
            {
                { PropertyId.WillDelayInterval, 0 }, { PropertyId.PayloadFormatIndicator, 1 }, { PropertyId.ContentType, "text" },
                { PropertyId.ResponseTopic, "r" }, { "a", "1" }, { "a", "2" },
            },
        });
        await gateway.DropAsync(client);
        var will = await watcher.ExpectPublishAsync("gone");
        Assert.Equal(
            [(PropertyId.PayloadFormatIndicator, (object)1u), (PropertyId.ContentType, "text"), (PropertyId.ResponseTopic, "r"),
                (PropertyId.UserProperty, "a=1"), (PropertyId.UserProperty, "a=2")],
            will.Properties);
    }

    [Fact]
    public async Task WillExpiryCountsFromItsPublication() // §3.1.3.2.4
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await gateway.ConnectAsync("w", cleanStart: false, expiry: 1000);
        await watcher.SubscribeAsync("will/+", QoS.AtLeastOnce);
        await gateway.DropAsync(watcher);
        var client = await gateway.ConnectAsync("c", expiry: 1000, will: Plain with
        {
            Properties = new PropertyList { { PropertyId.WillDelayInterval, 30 }, { PropertyId.MessageExpiryInterval, 20 } },
        });
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(40)); // connected for longer than the message lives
        await gateway.DropAsync(client);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(40)); // due for about 10 s

        watcher = await gateway.ConnectAsync("w", cleanStart: false, expiry: 1000, sessionPresent: true);
        var will = await watcher.ExpectPublishAsync("gone");
        Assert.InRange(will.Number(PropertyId.MessageExpiryInterval) ?? 0, 8u, 12u);
        await gateway.DropAsync(watcher);

        client = await gateway.ConnectAsync("c", will: Plain with { Properties = new PropertyList { { PropertyId.MessageExpiryInterval, 20 } } });
        await gateway.DropAsync(client);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(21));
        watcher = await gateway.ConnectAsync("w", cleanStart: false, expiry: 1000, sessionPresent: true);
        await watcher.NothingMoreAsync();
    }

    [Fact]
    public async Task RefusedConnectPublishesNoWill()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Connections.RetainAvailable = false);
        var watcher = await WatchAsync(gateway);
        var client = gateway.Open();
        var connack = await client.ConnectAsync("c", will: Plain with { Retain = true });
        Assert.Equal(ReasonCode.RetainNotSupported, connack.Reason); // [MQTT-3.2.2-13]
        await client.ExpectClosedAsync();
        await gateway.GoneAsync(client);
        await watcher.NothingMoreAsync();
    }

    public static TheoryData<uint, uint, bool, string> Takeovers
    {
        get
        {
            // the old connection's delay and expiry, Clean Start of the new one; when the old will is published
            var data = new TheoryData<uint, uint, bool, string>();
            foreach (var delay in (uint[])[0, 30])
            {
                foreach (var expiry in (uint[])[0, 10, 1000])
                {
                    foreach (var clean in (bool[])[false, true])
                    {
                        data.Add(delay, expiry, clean, delay == 0 || expiry == 0 || clean ? "at once" : "never");
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Takeovers))]
    public async Task TakeoverPublishesTheWillExactlyOnceOrNever(uint delay, uint expiry, bool clean, string expected)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        await gateway.ConnectAsync("c", cleanStart: true, expiry, will: Delayed(delay));
        await gateway.ConnectAsync("c", cleanStart: clean, expiry: 1000, sessionPresent: !clean && expiry > 0);
        if (expected == "at once")
        {
            await watcher.ExpectPublishAsync("gone");
        }

        await watcher.NothingMoreAsync();
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(60));
        await watcher.NothingMoreAsync();
    }

    [Theory]
    [MemberData(nameof(Takeovers))]
    public async Task ReconnectAfterABreakPublishesTheWillExactlyOnceOrNever(uint delay, uint expiry, bool clean, string expected)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var watcher = await WatchAsync(gateway);
        var old = await gateway.ConnectAsync("c", cleanStart: true, expiry, will: Delayed(delay));
        old.Drop(); // and back before the gateway has finished with it
        await gateway.ConnectAsync("c", cleanStart: clean, expiry: 1000);
        await gateway.GoneAsync(old);
        if (expected == "at once")
        {
            await watcher.ExpectPublishAsync("gone");
        }

        await watcher.NothingMoreAsync();
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(60));
        await watcher.NothingMoreAsync();
    }

    private static ClientWill Delayed(uint seconds) =>
        Plain with { Properties = new PropertyList { { PropertyId.WillDelayInterval, seconds } } };

    private static async Task<MemoryClient> WatchAsync(InMemoryGateway gateway)
    {
        var watcher = await gateway.ConnectAsync("watcher");
        await watcher.SubscribeAsync("will/#", QoS.AtLeastOnce);
        return watcher;
    }
}
