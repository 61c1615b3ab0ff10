using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Unit.StoreLink;

/// <summary>Calls that a client waits for, and pages of queues, while their shard cannot answer.</summary>
public sealed class StoreShardsTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(SessionResult.Busy)] // the shard was moving, and has moved
    [InlineData(SessionResult.Full)] // it has just found its disk full, and knows now how to live with it
    public async Task ShardIsAskedOnceMoreAtOnce(SessionResult first)
    {
        var (_, shards) = await ShardFake.ShardsAsync(_time);
        var answers = new Queue<SessionResult>([first, SessionResult.Ok]);
        var call = shards.CallAsync("default/c", _ => Task.FromResult(answers.Dequeue()));
        Assert.True(call.IsCompleted); // no time has passed
        Assert.Equal(SessionResult.Ok, await call);
    }

    [Fact]
    public async Task DiskThatStaysFullIsTheAnswer()
    {
        var (_, shards) = await ShardFake.ShardsAsync(_time);
        var answers = new Queue<SessionResult>([SessionResult.Full, SessionResult.Full, SessionResult.Ok]);
        Assert.Equal(SessionResult.Full, await shards.CallAsync("default/c", _ => Task.FromResult(answers.Dequeue())));
    }

    [Fact]
    public async Task PageThatAShardDidNotGiveWhileItMovedIsAskedForAgain()
    {
        var (shard, shards) = await ShardFake.ShardsAsync(_time);
        var calls = new List<string>();
        var session = SessionFake.Create("default/c", calls);
        ((SessionFake)session).ToRead = new QueueRead("default/c", 1, 0, 100, 1000);
        var hasMovedAt = _time.GetUtcNow() + TimeSpan.FromSeconds(20);
        shard.OnRead = read => new QueuePage(_time.GetUtcNow() < hasMovedAt ? SessionResult.Busy : SessionResult.Ok, [], read.After, HasMore: false);
        new QueueReader(shards, _time, NullLogger<QueueReader>.Instance).Start(session);
        await Stuck.UntilAsync(() => calls.Count > 0 || (_time.AdvanceToNextTimer() && false), "the page");

        Assert.Equal(["default/c OnPageRead 1 Ok"], calls); // the connection is not told that the session is another's
    }
}
