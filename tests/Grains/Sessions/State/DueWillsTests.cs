using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.State;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.State;

public sealed class DueWillsTests
{
    private readonly DueWills _queue = new(leaseMilliseconds: 10_000);

    [Fact]
    public void LeasedWorkIsGivenToNobodyElseUntilItsLeaseLapses()
    {
        Add(1, 2);
        Assert.Equal([1, 2], Take(Sample.A, 0));
        Assert.Equal([], Take(Sample.B, 9_999));
        Assert.Equal(10_000, _queue.NextLapse);
        _queue.Lapse(10_000);
        Assert.Equal([1, 2], Take(Sample.B, 10_000));
    }

    [Fact]
    public void CompletedWorkIsGoneForGood()
    {
        Add(1, 2);
        Take(Sample.A, 0);
        _queue.Complete([1, 1, 99]);
        _queue.Lapse(10_000);
        _queue.Complete([2]); // the lease has lapsed, but the will is out

        Assert.Equal((0, false, long.MaxValue), (_queue.Count, _queue.HasAvailable, _queue.NextLapse));
    }

    [Fact]
    public void SameWillIsOnePieceOfWork()
    {
        Add(1, 1);
        Assert.Equal([1], Take(Sample.A, 0));
        Add(1);
        Assert.Equal([], Take(Sample.B, 0));
    }

    [Fact]
    public void WorkOfALostGatewayIsAvailableAtOnce()
    {
        Add(1, 2);
        _queue.Lease(Sample.A, 0, [1]);
        _queue.Lease(Sample.B, 0, [2]);
        _queue.ReleaseAll(Sample.A);

        Assert.Equal([1], Take(Sample.B, 0));
    }

    [Fact]
    public void ReplyIsBoundedByItemsAndBytesButNeverEmpty()
    {
        _queue.Add(new DueWill(1, "k", new byte[100]));
        _queue.Add(new DueWill(2, "k", new byte[10]));

        Assert.Equal([1], Ids(_queue.Available(10, 50)));
        Assert.Equal([1, 2], Ids(_queue.Available(10, 110)));
        Assert.Equal([1], Ids(_queue.Available(1, 110)));
    }

    [Fact]
    public void SnapshotKeepsLeases()
    {
        Add(1, 2);
        _queue.Lease(Sample.A, 5, [1]);
        var restored = new DueWills(10_000);
        foreach (var work in _queue.Snapshot())
        {
            restored.Restore(work);
        }

        Assert.Equal(2, restored.Count);
        Assert.Equal(10_005, restored.NextLapse);
        Assert.Equal([2], Ids(restored.Available(10, 100)));
    }

    private void Add(params long[] ids)
    {
        foreach (var id in ids)
        {
            _queue.Add(new DueWill(id, "k", [1]));
        }
    }

    private long[] Take(GatewayRef gateway, long now)
    {
        var ids = Ids(_queue.Available(100, 1_000));
        _queue.Lease(gateway, now, ids);
        return ids;
    }

    private static long[] Ids(DueWill[] work) => [.. work.Select(item => item.Id)];
}
