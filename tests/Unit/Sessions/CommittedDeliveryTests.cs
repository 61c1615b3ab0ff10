using System.Diagnostics.Metrics;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Unit.Connections;
using GrainMQ.Tests.Unit.StoreLink;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

/// <summary>QoS 2 deliveries that wait for their commit, and what the store says of them.</summary>
public sealed class CommittedDeliveryTests : IDisposable
{
    private const string Key = "default/c";

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConnectionFixture _first = new();
    private readonly ConnectionFixture _second = new();

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _services.Dispose();
    }

    [Fact] // the client may hold the identifier, and would take the next message under it for this one [MQTT-4.3.3-10]
    public async Task RepetitionIsSentThoughTheStoreHasLostTheMessage()
    {
        var time = new ManualTimeProvider();
        var (_, shards) = await ShardFake.ShardsAsync(time);
        var (_, queue) = ShardFake.QueueLane(time);
        var (shard, progress) = ShardFake.ProgressLane(time);
        using var lanes = new StoreLanes(_ => queue, _ => progress, reader: null!, shards, time); // nothing is read
        var limits = new DeliveryLimits(new OutboundOptions(), new GatewayMetrics(_services.GetRequiredService<IMeterFactory>()));
        var session = new Session(Key, "c", limits, lanes);
        session.Grant(expirySeconds: 1000, isResumed: false);
        _first.Connection.Client = _second.Connection.Client = new Client(ProtocolVersion.Mqtt5, "c");
        session.Attach(_first.Connection, epoch: 1, receiveMaximum: 10);
        var burst = new Burst();
        session.DeliverStored(SampleDelivery.Of("m", QoS.ExactlyOnce, sequence: 1), burst);
        _ = burst.Flush(); // wakes the connection
        Assert.Equal(0x34, await FirstByteAsync(_first, session));

        shard.OnReport = static _ => Task.FromResult(new ProgressReply(SessionResult.Ok, [], [new GoneDelivery(Key, 1)]));
        session.Detach(_first.Connection, SessionPhase.Opening);
        session.Attach(_second.Connection, epoch: 2, receiveMaximum: 10);
        Assert.Equal(0x3C, await FirstByteAsync(_second, session)); // with DUP
    }

    private static async Task<int> FirstByteAsync(ConnectionFixture fixture, Session session)
    {
        var received = fixture.Transport.ReceiveAsync();
        await Stuck.UntilAsync(() => received.IsCompleted || session.InFlight == 0, "a packet");
        return received.IsCompleted ? (await received)[0] : 0;
    }
}
