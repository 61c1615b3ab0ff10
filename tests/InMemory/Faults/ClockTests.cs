using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.InMemory.Faults;

/// <summary>
/// Wall clocks that are wrong, and set right at any moment. While the process lives only the monotonic clock counts; across a restart nothing
/// lives longer than it was to.
/// </summary>
public sealed class ClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan TwoHours = TimeSpan.FromHours(2);

    private readonly SimulatedDisk _disk = new(new Random(1));

    [Theory]
    [InlineData(5)]
    [InlineData(7_200)]
    public async Task DurableServiceGoesOnAfterAStartWithTheClockSetBack(int ahead)
    {
        await using (var first = await StartAsync(Start.AddSeconds(ahead)))
        {
            var reader = await first.ConnectAsync("reader", cleanStart: false, expiry: uint.MaxValue);
            await reader.SubscribeAsync("t", QoS.ExactlyOnce);
            var publisher = await first.ConnectAsync("p");
            await publisher.PublishAsync("t", "before", QoS.AtLeastOnce, retain: true);
        }

        await using var second = await StartAsync(Start);
        var modern = await second.ConnectAsync("p");
        var old = await second.ConnectAsync("p311", version: ProtocolVersion.Mqtt311);
        Assert.Equal(ReasonCode.Success, await modern.PublishAsync("t", "5-1", QoS.AtLeastOnce, retain: true));
        Assert.Equal(ReasonCode.Success, await modern.PublishAsync("t", "5-2", QoS.ExactlyOnce));
        Assert.Equal(ReasonCode.Success, await old.PublishAsync("t", "311-1", QoS.AtLeastOnce));
        Assert.Equal(ReasonCode.Success, await old.PublishAsync("t", "311-2", QoS.ExactlyOnce));
        var again = await second.ConnectAsync("reader", cleanStart: false, expiry: uint.MaxValue, sessionPresent: true);
        foreach (var text in (string[])["before", "5-1", "5-2", "311-1", "311-2"])
        {
            await again.ExpectPublishAsync(text);
        }
    }

    [Fact]
    public async Task ExpiryOfAWaitingMessageDoesNotGrowWhenTheClockIsSetBack() // [MQTT-3.3.2-6]
    {
        await using var gateway = await StartAsync(Start);
        await QueueAsync(gateway, expiry: 100);
        gateway.Time.SetWallClock(-TwoHours);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(40));

        var reader = await gateway.ConnectAsync("reader", cleanStart: false, expiry: 600, sessionPresent: true);
        Assert.Equal(60u, (await reader.ExpectPublishAsync("m")).Number(PropertyId.MessageExpiryInterval));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task NothingEndsBeforeOrAfterItsTimeWhenTheClockIsSet(int hours) // [MQTT-3.1.2-23] [MQTT-3.3.2-5] [MQTT-3.1.3-9]
    {
        await using var gateway = await StartAsync(Start);
        await QueueAsync(gateway, expiry: 100);
        var publisher = await gateway.ConnectAsync("p2");
        await publisher.PublishAsync("kept", "kept", QoS.AtLeastOnce, retain: true, Expiry(100));
        var watcher = await gateway.ConnectAsync("watcher");
        await watcher.SubscribeAsync("will", QoS.AtLeastOnce);
        var dying = await gateway.ConnectAsync("dying", expiry: 600, will: new ClientWill(
            "will", "gone"u8.ToArray(), QoS.AtLeastOnce, Properties: new PropertyList { { PropertyId.WillDelayInterval, 300 } }));
        await gateway.DropAsync(dying);

        gateway.Time.SetWallClock(TimeSpan.FromHours(hours));
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(90));
        var late = await gateway.ConnectAsync("late");
        await late.SubscribeAsync("kept", QoS.AtLeastOnce);
        Assert.Equal(10u, (await late.ExpectPublishAsync("kept")).Number(PropertyId.MessageExpiryInterval));
        Assert.Equal(1, (await gateway.SessionInfoAsync("reader")).Queued);
        await watcher.NothingMoreAsync();

        await gateway.AdvanceAsync(TimeSpan.FromSeconds(11));
        var later = await gateway.ConnectAsync("later");
        await later.SubscribeAsync("kept", QoS.AtLeastOnce);
        await later.NothingMoreAsync();
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(200));
        await watcher.ExpectPublishAsync("gone");
        Assert.True((await gateway.SessionInfoAsync("reader")).Exists);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(300));
        Assert.False((await gateway.SessionInfoAsync("reader")).Exists);
    }

    [Fact]
    public async Task NoExpiryGrowsByARestartWithTheClockSetBack()
    {
        await using (var first = await StartAsync(Start))
        {
            await QueueAsync(first, expiry: 500);
            await first.AdvanceAsync(TimeSpan.FromSeconds(310));
        }

        await using var second = await StartAsync(Start - TwoHours);
        var publisher = await second.ConnectAsync("p");
        await publisher.PublishAsync("t", "new", QoS.AtLeastOnce, properties: Expiry(100));
        await second.AdvanceAsync(TimeSpan.FromSeconds(30));
        var reader = await second.ConnectAsync("reader", cleanStart: false, expiry: 600, sessionPresent: true);
        var left = (await reader.ExpectPublishAsync("m")).Number(PropertyId.MessageExpiryInterval);
        Assert.InRange(left ?? uint.MaxValue, 160u - 1, 160u + 60); // the time is journaled once a minute
        Assert.Equal(70u, (await reader.ExpectPublishAsync("new")).Number(PropertyId.MessageExpiryInterval));
    }

    [Fact]
    public async Task SessionEndsInTimeAfterARestartWithTheClockSetBack() // [MQTT-3.1.2-23]
    {
        await using (var first = await StartAsync(Start))
        {
            await QueueAsync(first, expiry: 500);
            await first.AdvanceAsync(TimeSpan.FromSeconds(310));
        }

        await using var second = await StartAsync(Start - TwoHours);
        await second.AdvanceAsync(TimeSpan.FromSeconds(200));
        Assert.True((await second.SessionInfoAsync("reader")).Exists);
        await second.AdvanceAsync(TimeSpan.FromSeconds(160));
        Assert.False((await second.SessionInfoAsync("reader")).Exists);
    }

    /// <summary>A session of 600 seconds that is offline, with one message.</summary>
    private static async Task QueueAsync(InMemoryGateway gateway, uint expiry)
    {
        var reader = await gateway.ConnectAsync("reader", cleanStart: false, expiry: 600);
        await reader.SubscribeAsync("t", QoS.AtLeastOnce);
        await gateway.DisconnectAsync(reader);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce, properties: Expiry(expiry));
        await gateway.DisconnectAsync(publisher);
    }

    private static PropertyList Expiry(uint seconds) => new() { { PropertyId.MessageExpiryInterval, seconds } };

    private async Task<InMemoryGateway> StartAsync(DateTimeOffset wallClock)
    {
        var gateway = InMemoryGateway.Create(new ManualTimeProvider(wallClock), services: AddLogs);
        await gateway.StartServicesAsync().OrStuck("the gateway to start");
        return gateway;
    }

    private void AddLogs(IServiceCollection services) => services.AddSingleton<ILogStore>(provider => new SegmentLogStore(
        _disk, new InlineExecutor(), new LogStoreOptions(), provider.GetRequiredService<TimeProvider>(), NullLogger<SegmentLogStore>.Instance));
}
