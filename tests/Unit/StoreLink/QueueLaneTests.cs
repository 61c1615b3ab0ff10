using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.StoreLink;

public sealed class QueueLaneTests
{
    private readonly List<string> _calls = [];

    [Fact]
    public async Task SessionsGetWhatWasStoredUnderItsNumberAndNothingElse()
    {
        var (shard, lane) = ShardFake.QueueLane();
        shard.OnQueue = static _ => Task.FromResult(new QueueReply(SessionResult.Ok, 0, [5, 0, 6]));

        Assert.Equal(SessionResult.Ok, await SendAsync(lane, ["a", "b"], ["a"]));
        Assert.Equal(["a DeliverStored 5 0", "a DeliverStored 6 1"], _calls); // 0: it is not in the queue of b
    }

    [Fact]
    public async Task SessionsOfABatchThatWasKnownLookForThemselves()
    {
        var (shard, lane) = ShardFake.QueueLane();
        shard.OnQueue = static _ => Task.FromResult(new QueueReply(SessionResult.Ok, 0));

        Assert.Equal(SessionResult.Ok, await SendAsync(lane, ["a"], ["b"]));
        Assert.Equal(["a LookForStored", "b LookForStored"], _calls);
    }

    [Fact]
    public async Task WhatAFullDiskRefusedIsDeliveredToNoSession()
    {
        var (shard, lane) = ShardFake.QueueLane();
        shard.OnQueue = static _ => Task.FromResult(new QueueReply(SessionResult.Full, 0));

        Assert.Equal(SessionResult.Full, await SendAsync(lane, ["a"]));
        Assert.Empty(_calls);
    }

    private async Task<SessionResult> SendAsync(QueueLane lane, params string[][] receivers)
    {
        Task<SessionResult>? commit = null;
        for (var i = 0; i < receivers.Length; i++)
        {
            var message = SessionFake.MessageOf($"{i}");
            var publication = new QueuedPublication(message, Origin: null, [.. receivers[i].Select(key =>
                new DurableReceiver(SessionFake.Create(key, _calls), QoS.AtLeastOnce, Retain: false, [], Share: null))]);
            commit = lane.Add(publication, message.Length);
        }

        lane.Flush();
        return await commit!.OrStuck("the commit"); // at least one was added
    }
}
