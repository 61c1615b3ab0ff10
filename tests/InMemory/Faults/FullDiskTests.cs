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

/// <summary>A disk without space: what cannot be stored is refused with the code that says so, and the rest goes on.</summary>
public sealed class FullDiskTests
{
    private const long LeastFree = 12_000;

    private readonly SimulatedDisk _disk = new(new Random(1));

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, ReasonCode.UnspecifiedError, ReasonCode.UnspecifiedError)] // 0x80
    [InlineData(ProtocolVersion.Mqtt5, ReasonCode.QuotaExceeded, ReasonCode.TopicFilterInvalid)]
    public async Task SubscribeThatCannotBeStoredIsRefused(ProtocolVersion version, ReasonCode refusal, ReasonCode tooDeep) // [MQTT-3.9.3-1]
    {
        await using var gateway = await InMemoryGateway.StartAsync(services: AddLogs);
        var client = await gateway.ConnectAsync("c", cleanStart: false, version == ProtocolVersion.Mqtt5 ? 1000u : null, version);
        await client.SubscribeAsync("before", QoS.AtLeastOnce);
        _disk.Capacity = _disk.Capacity - _disk.FreeBytes + LeastFree;

        var suback = client.SubscribeAsync([("t", 1), ("u", 2), (new string('/', 1000), 0)]);
        await gateway.AdvanceUntilAsync(suback, "SUBACK");
        Assert.Equal([refusal, refusal, tooDeep], (await suback).Reasons);
        await client.SubscribeAsync("before", QoS.AtLeastOnce); // the store has it
        var live = await gateway.ConnectAsync("live");
        await live.SubscribeAsync("t", QoS.AtLeastOnce); // nothing is to be stored
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce);
        await live.ExpectPublishAsync("m");
        await client.NothingMoreAsync();
        Assert.Equal(["before"], (await gateway.SessionInfoAsync("c")).Subscriptions.Select(stored => stored.Filter));

        _disk.Capacity = long.MaxValue;
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await publisher.PublishAsync("t", "again", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("again");
    }

    /// <summary>The directory cannot store the gateway's number, and those who need no space are served all the same.</summary>
    [Fact]
    public async Task GatewayStartsOnADiskWithoutSpace()
    {
        await using (var first = await InMemoryGateway.StartAsync(services: AddLogs))
        {
            await first.ConnectAsync("c", cleanStart: false, expiry: 1000);
        }

        _disk.Capacity = _disk.Capacity - _disk.FreeBytes;
        await using var second = await InMemoryGateway.StartAsync(services: AddLogs);
        var live = await second.ConnectAsync("live");
        await live.SubscribeAsync("t", QoS.AtLeastOnce);
        Assert.Equal(ReasonCode.Success, await live.PublishAsync("t", "m", QoS.AtLeastOnce));
        await live.ExpectPublishAsync("m");

        _disk.Capacity = long.MaxValue;
        var durable = await second.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        await durable.SubscribeAsync("t", QoS.AtLeastOnce);
        Assert.Equal(ReasonCode.Success, await live.PublishAsync("t", "n", QoS.AtLeastOnce));
        await durable.ExpectPublishAsync("n");
    }

    [Fact]
    public async Task RetainedMessageThatCouldNotBeQueuedIsOfferedAgainAndTheOthersAreNot()
    {
        await using var gateway = await InMemoryGateway.StartAsync(services: AddLogs);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t/1", "one", QoS.AtLeastOnce, retain: true);
        await publisher.PublishAsync("t/2", "two", QoS.ExactlyOnce, retain: true);
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t/+", QoS.ExactlyOnce);
        await client.ExpectPublishAsync("one");
        await client.ExpectPublishAsync("two");
        _disk.Capacity = _disk.Capacity - _disk.FreeBytes + LeastFree;

        await client.SubscribeAsync("t/+", QoS.ExactlyOnce); // the store has it, and the messages come again [MQTT-3.8.4-4]
        await client.ExpectPublishAsync("one");
        await client.NothingMoreAsync();
        await Stuck.CalmAsync(); // the disk was full by now
        _disk.Capacity = long.MaxValue;
        await gateway.AdvanceUntilAsync(client.ExpectPublishAsync("two"), "what goes through the queue");
        await client.NothingMoreAsync();
    }

    private void AddLogs(IServiceCollection services) => services.AddSingleton<ILogStore>(provider => new SegmentLogStore(
        _disk, new InlineExecutor(), new LogStoreOptions { SegmentBytes = 32 * 1024, MinFreeBytes = LeastFree },
        provider.GetRequiredService<TimeProvider>(), NullLogger<SegmentLogStore>.Instance));
}
