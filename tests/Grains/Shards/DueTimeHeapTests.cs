using GrainMQ.Grains.Shards;
using Xunit;

namespace GrainMQ.Tests.Grains;

public sealed class DueTimeHeapTests
{
    private readonly DueTimeHeap<Item> _heap = new((item, dueAt) => item.DueAt == dueAt);

    [Fact]
    public void ItemsComeInTheOrderOfTheirTimes()
    {
        Add(30);
        Add(10);
        Add(20);

        Assert.Equal(10, _heap.NextDue);
        Assert.Equal([10, 20], Take(25));
        Assert.Equal(30, _heap.NextDue);
        Assert.Equal([], Take(29));
        Assert.Equal([30], Take(30));
        Assert.Equal(long.MaxValue, _heap.NextDue);
    }

    [Fact]
    public void AbandonedItemIsNeverTaken()
    {
        var item = Add(10);
        Abandon(item);

        Assert.Equal(long.MaxValue, _heap.NextDue);
        Assert.Equal([], Take(100));
    }

    [Fact]
    public void ItemThatMovesAgainAndAgainDoesNotFillTheHeap()
    {
        var item = Add(1_000);
        for (var i = 0; i < 100_000; i++)
        {
            Abandon(item);
            item.DueAt = 2_000 + i;
            _heap.Add(item, item.DueAt);
            Assert.InRange(_heap.Count, 1, 130);
        }

        Assert.Equal([101_999], Take(long.MaxValue));
    }

    private Item Add(long dueAt)
    {
        var item = new Item { DueAt = dueAt };
        _heap.Add(item, dueAt);
        return item;
    }

    private void Abandon(Item item)
    {
        item.DueAt = long.MaxValue;
        _heap.Abandon();
    }

    private long[] Take(long now)
    {
        var taken = new List<long>();
        while (_heap.TryDequeue(now, out var item))
        {
            taken.Add(item.DueAt);
        }

        return [.. taken];
    }

    private sealed class Item
    {
        public long DueAt { get; set; }
    }
}
