using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.WriteAhead;
using Xunit;

namespace GrainMQ.Tests.Grains.LogStore;

public sealed class LogLaneTests
{
    [Fact]
    public void WhatWaitsIsCarriedOutTogether()
    {
        var executor = new QueueExecutor();
        List<int> rounds = [];
        var lane = new LogLane(executor, changes => rounds.Add(changes.Count));
        for (var i = 0; i < 3; i++)
        {
            lane.Post(Nothing());
        }

        executor.RunOne();

        Assert.Equal([3], rounds);
        Assert.Equal(0, executor.Count);
    }

    [Fact]
    public void BusyLaneLetsOthersHaveTheirTurn()
    {
        var executor = new QueueExecutor();
        List<string> order = [];
        LogLane? busy = null;
        busy = new LogLane(executor, _ =>
        {
            order.Add("busy");
            if (order.Count < 10)
            {
                busy?.Post(Nothing());
            }
        });
        var other = new LogLane(executor, _ => order.Add("other"));
        busy.Post(Nothing());
        other.Post(Nothing());

        executor.RunOne();
        executor.RunOne();

        Assert.Equal(["busy", "other"], order);
        Assert.Equal(1, executor.Count);
    }

    private static LogChange<int> Nothing() => new(() => 0);

    private sealed class QueueExecutor : IStorageExecutor
    {
        private readonly Queue<Action> _work = new();

        public bool IsShared => true;

        public int Count => _work.Count;

        public void Queue(Action work) => _work.Enqueue(work);

        public void RunOne() => _work.Dequeue()();

        public void Dispose() => _work.Clear();
    }
}
