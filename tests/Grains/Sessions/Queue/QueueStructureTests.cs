using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Queue;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.Queue;

public sealed class QueueStructureTests
{
    private readonly QueueBounds _bounds = new(messages: 5, bytes: 1_000, maxTotalBytes: 1_500);
    private long _number;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(1_000)]
    public void MessagesStandInOrder(int count)
    {
        var queue = new SessionQueue(new QueueBounds(10_000, long.MaxValue, long.MaxValue));
        for (var i = 0; i < count; i++)
        {
            queue.Enqueue(Item(i % 7));
        }

        Assert.Equal(Enumerable.Range(1, count).Select(number => (long)number), queue.From(0).Select(item => item.Number));
        Assert.Equal(count, queue.Count);
        Assert.Equal(count, queue.Remove(0, long.MaxValue));
        Assert.Equal((0, 0L), (queue.Count, queue.Bytes));
    }

    [Fact]
    public void TwoQueuesOfOneSnapshotDoNotWriteIntoEachOther()
    {
        var (first, second) = (new SessionQueue(_bounds), new SessionQueue(new QueueBounds(5, 1_000, 1_500)));
        Add(first, 1, 1);
        foreach (var run in first.Waiting)
        {
            second.Enqueue(run);
        }

        first.Enqueue(Item(3, 1));
        second.Enqueue(Item(4, 1));
        first.Remove(1, 1);

        Assert.Equal([2, 3], first.From(0).Select(item => item.Number));
        Assert.Equal([1, 2, 4], second.From(0).Select(item => item.Number));
    }

    [Fact]
    public void OldestThatHasNotBegunIsDroppedWhenTheCountIsReached() // I7
    {
        var queue = new SessionQueue(_bounds);
        Add(queue, 0, 0, 0, 0, 0);
        queue.Begin(1, 11, PendingStage.Published);
        queue.Begin(3, 13, PendingStage.Published);

        Add(queue, 0, 0);
        Assert.Empty(queue.Trim());
        Add(queue, 0, 0);
        Assert.Equal([2, 4], queue.Trim());
        Assert.Equal([1, 3], queue.Front.Select(item => item.Number));
        Assert.Equal([5, 6, 7, 8, 9], queue.Waiting.SelectMany(run => run).Select(item => item.Number));
    }

    [Fact]
    public void OldestAreDroppedUntilTheBytesFit()
    {
        var queue = new SessionQueue(_bounds);
        Add(queue, 1, 1, 1);
        Add(queue, 800);

        Assert.Equal([1, 2], queue.Trim());
        Assert.InRange(queue.Bytes, 0, 1_000);
    }

    [Fact]
    public void MessageThatNeverFitsIsKnownBefore()
    {
        var (queue, other) = (new SessionQueue(_bounds), new SessionQueue(_bounds));
        Add(queue, 10);
        Assert.False(queue.CanFit(1_001));
        Add(other, 900);
        Assert.False(queue.CanFit(900)); // the others have the rest
        Assert.True(queue.CanFit(400));
    }

    [Fact]
    public void QueuesOfAShardShareABound()
    {
        var (first, second) = (new SessionQueue(_bounds), new SessionQueue(_bounds));
        Add(first, 900);
        Add(second, 300);
        Assert.Empty(second.Trim());
        Add(second, 310);
        Assert.Single(second.Trim());
        first.Clear();
        second.Clear();
        Assert.Equal((0L, 0L), (_bounds.TotalMessages, _bounds.TotalBytes));
    }

    /// <summary>Many seeds of a queue beside two plain lists: the same numbers, the same bytes, whatever is taken out wherever.</summary>
    [Fact]
    public void QueueBehavesLikeListsForAnyOperations()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            new Comparison(new Random(seed)).Run();
        }
    }

    private void Add(SessionQueue queue, params int[] lengths)
    {
        foreach (var length in lengths)
        {
            queue.Enqueue(Item(length));
        }
    }

    private QueueItem Item(int length) => Item(++_number, length);

    private static QueueItem Item(long number, int length) =>
        new(number, new StoredMessage(new MessageBody(new byte[length], length, 0)), 1, false, []);

    private sealed class Comparison(Random random)
    {
        private readonly QueueBounds _bounds = new(random.Next(1, 2_000), random.Next(200, 100_000), long.MaxValue);
        private readonly List<QueueItem> _front = [];
        private readonly List<QueueItem> _waiting = [];
        private long _number;

        public void Run()
        {
            var queue = new SessionQueue(_bounds);
            for (var step = 0; step < 300; step++)
            {
                var (shown, numbers) = (queue.Waiting, _waiting.ConvertAll(item => item.Number));
                Step(queue);
                LongSequence.AssertEqual(numbers, shown.SelectMany(run => run).Select(item => item.Number)); // a snapshot stays as it is
                LongSequence.AssertEqual(_front.Select(item => (item.Number, item.Stage)), queue.Front.Select(item => (item.Number, item.Stage)));
                LongSequence.AssertEqual(_waiting.Select(item => item.Number), queue.Waiting.SelectMany(run => run).Select(item => item.Number));
                Assert.Equal(_front.Concat(_waiting).Sum(item => item.Cost), queue.Bytes);
                Assert.Equal((queue.Bytes, queue.Count), (_bounds.TotalBytes, (int)_bounds.TotalMessages));
                var from = random.Next((int)_number + 2);
                LongSequence.AssertEqual(_waiting.Where(item => item.Number >= from).Select(item => item.Number), queue.From(from).Select(item => item.Number));
            }
        }

        private void Step(SessionQueue queue)
        {
            switch (random.Next(7))
            {
                case 6 when random.Next(5) == 0:
                    Restore(queue);
                    break;
                case 0:
                    Remove(queue);
                    break;
                case 1:
                    Begin(queue, random.NextInt64(_number + 2), (PendingStage)random.Next(3));
                    break;
                case 2:
                    var handed = Item(++_number, random.Next(50)) with { Stage = (PendingStage)random.Next(3) };
                    queue.Hand(handed);
                    _front.Add(handed);
                    break;
                default:
                    Enqueue(queue, random.Next(1, 60));
                    break;
            }
        }

        /// <summary>As a snapshot does.</summary>
        private static void Restore(SessionQueue queue)
        {
            var (front, waiting) = (queue.Front.ToArray(), queue.Waiting);
            queue.Clear();
            Array.ForEach(front, item => queue.Hand(item));
            Array.ForEach(waiting, run => queue.Enqueue(run));
        }

        private void Enqueue(SessionQueue queue, int count)
        {
            for (; count > 0; count--)
            {
                var item = Item(_number += random.Next(1, 3), random.Next(50));
                queue.Enqueue(item);
                _waiting.Add(item);
                Assert.Equal(Trim(), queue.Trim());
            }
        }

        private List<long> Trim()
        {
            var dropped = new List<long>();
            while ((Unbegun() > _bounds.Messages || _front.Concat(_waiting).Sum(item => item.Cost) > _bounds.Bytes) && Unbegun() > 0)
            {
                var from = _front.Exists(item => item.Stage == PendingStage.Queued) ? _front : _waiting;
                var at = from.FindIndex(item => item.Stage == PendingStage.Queued);
                dropped.Add(from[at].Number);
                from.RemoveAt(at);
            }
            return dropped;
        }

        private int Unbegun() => _waiting.Count + _front.Count(item => item.Stage == PendingStage.Queued);

        private void Remove(SessionQueue queue)
        {
            var first = random.NextInt64(_number + 2);
            var last = first + random.Next(40);
            var removed = _front.RemoveAll(item => item.Number >= first && item.Number <= last)
                + _waiting.RemoveAll(item => item.Number >= first && item.Number <= last);
            Assert.Equal(removed, queue.Remove(first, last));
        }

        private void Begin(SessionQueue queue, long number, PendingStage stage)
        {
            queue.Begin(number, 1, stage);
            var at = _front.FindIndex(item => item.Number == number);
            var item = at >= 0 ? _front[at] : _waiting.Find(waiting => waiting.Number == number);
            if (item.Number == 0 || item.Stage >= stage)
            {
                return;
            }

            _waiting.RemoveAll(waiting => waiting.Number == number);
            var staged = item with { Stage = stage, Message = stage == PendingStage.Released ? StoredMessage.Empty : item.Message };
            if (stage == PendingStage.Released)
            {
                _front.RemoveAll(begun => begun.Number == number);
                var before = _front.FindIndex(begun => begun.Stage != PendingStage.Released);
                _front.Insert(before < 0 ? _front.Count : before, staged);
            }
            else if (at >= 0)
            {
                _front[at] = staged;
            }
            else
            {
                _front.Add(staged);
            }
        }
    }
}
