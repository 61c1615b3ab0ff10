using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Faults;

/// <summary>Pages of a session's queue that do not come, or come when the session has gone on.</summary>
public sealed class LatePageTests
{
    private const string Queue = "ISessionStoreGrain.QueueAsync", Read = "ISessionStoreGrain.ReadAsync";

    private readonly GrainFaults _faults = new();

    [Fact]
    public async Task PageThatWasNotAnsweredIsAskedForAgain()
    {
        await using var gateway = await InMemoryGateway.StartAsync(faults: _faults);
        var client = await SubscribedAsync(gateway);
        _faults.Break(Read, CallFault.TimeoutBefore);
        await PublishToBeReadAsync(gateway);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(7)); // a call is given up after 5
        _faults.Heal();
        await gateway.AdvanceUntilAsync(client.ExpectPublishAsync("m"), "the message");
    }

    [Fact]
    public async Task PageThatMeetsATakeoverIsAskedForAgainByTheNextConnection()
    {
        await using var gateway = await InMemoryGateway.StartAsync(faults: _faults);
        await SubscribedAsync(gateway);
        _faults.Plan.MaximumDelay = TimeSpan.FromSeconds(4);
        _faults.Break(Read, CallFault.LateAnswer, times: 1);
        await PublishToBeReadAsync(gateway);
        var next = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: true);
        await gateway.AdvanceUntilAsync(next.ExpectPublishAsync("m"), "the message");
        await next.NothingMoreAsync();
    }

    [Theory]
    [InlineData(SessionResult.Ok)]
    [InlineData(SessionResult.Fenced)]
    public async Task PageForAnEarlierConnectionConcernsNoOther(SessionResult result)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway);
        Assert.True(gateway.Sessions.TryGet("default/c", out var session));
        session.OnPageRead(session.Epoch - 1, new QueuePage(result, [], Last: 9, HasMore: false));
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce); // number 1
        await client.ExpectPublishAsync("m");
    }

    [Fact]
    public async Task PageThatIsFencedEndsTheConnection() // another gateway has the session
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await SubscribedAsync(gateway);
        Assert.True(gateway.Sessions.TryGet("default/c", out var session));
        session.OnPageRead(session.Epoch, new QueuePage(SessionResult.Fenced, [], 0, HasMore: false));
        await client.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
    }

    [Fact]
    public async Task MessageOfAPageThatCameWithItsBatchMeanwhileComesOnce()
    {
        await using var gateway = await InMemoryGateway.StartAsync(faults: _faults);
        var client = await SubscribedAsync(gateway);
        _faults.Plan.MaximumDelay = TimeSpan.FromSeconds(4);
        _faults.Break(Read, CallFault.Delay, times: 1);
        Assert.True(gateway.Sessions.TryGet("default/c", out var session));
        session.LookForStored(); // the shard has said so, late
        await Stuck.UntilAsync(() => _faults.Met == 1, "the page to be asked for");
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("m", acknowledge: false);
        await gateway.AdvanceAsync(_faults.Plan.MaximumDelay); // the page has it too
        await client.NothingMoreAsync();
    }

    private static async Task<MemoryClient> SubscribedAsync(InMemoryGateway gateway)
    {
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        return client;
    }

    /// <summary>The batch is made twice, so that its answer has no number and the session has to read the message.</summary>
    private async Task PublishToBeReadAsync(InMemoryGateway gateway)
    {
        _faults.Break(Queue, CallFault.TimeoutAfter, times: 1);
        var publisher = await gateway.ConnectAsync("p");
        await gateway.AdvanceUntilAsync(publisher.PublishAsync("t", "m", QoS.AtLeastOnce), "PUBACK");
        await Stuck.CalmAsync();
    }
}
