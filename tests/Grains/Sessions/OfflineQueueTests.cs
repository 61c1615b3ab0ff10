using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions;

public sealed class OfflineQueueTests
{
    private readonly QueueBounds _bounds = new(messages: 5, bytes: 1_000, maxTotalBytes: 1_500);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(1_000)]
    public void MessagesComeOutInOrder(int count)
    {
        var queue = new OfflineQueue(new QueueBounds(10_000, long.MaxValue, long.MaxValue));
        var texts = Enumerable.Range(0, count).Select(i => $"{i}").ToArray();
        foreach (var text in texts)
            Assert.Equal(0, queue.Enqueue(Sample.Pending(text)));

        Assert.Equal(count, queue.Count);
        Assert.Equal(texts, Sample.Texts(queue.ToArray()));
        Assert.Equal(texts, Sample.Texts(queue.TakeAll(0, out _)));
        Assert.Equal((0, 0L), (queue.Count, queue.Bytes));
    }

    [Fact]
    public void OldestIsDroppedWhenTheCountIsReached()
    {
        var queue = new OfflineQueue(_bounds);
        var dropped = Enumerable.Range(0, 8).Sum(i => queue.Enqueue(Sample.Pending($"{i}")));

        Assert.Equal(3, dropped);
        Assert.Equal(["3", "4", "5", "6", "7"], Sample.Texts(queue.ToArray()));
    }

    [Fact]
    public void OldestAreDroppedUntilTheBytesFit()
    {
        var queue = new OfflineQueue(_bounds);
        foreach (var text in (string[])["1", "2", "3"])
            queue.Enqueue(Sample.Pending(text));

        Assert.Equal(2, queue.Enqueue(Sample.Pending(new string('x', 850))));
        Assert.Equal(2, queue.Count);
        Assert.InRange(queue.Bytes, 0, 1_000);
    }

    [Fact]
    public void MessageThatNeverFitsIsDroppedItselfAndNoOther()
    {
        var (queue, other) = (new OfflineQueue(_bounds), new OfflineQueue(_bounds));
        queue.Enqueue(Sample.Pending("stays"));

        Assert.Equal(1, queue.Enqueue(Sample.Pending(new string('x', 1_000))));
        other.Enqueue(Sample.Pending(new string('y', 900)));
        Assert.Equal(1, queue.Enqueue(Sample.Pending(new string('z', 900))));
        Assert.Equal(["stays"], Sample.Texts(queue.ToArray()));
    }

    [Fact]
    public void QueuesOfAShardShareABound()
    {
        var (first, second) = (new OfflineQueue(_bounds), new OfflineQueue(_bounds));
        first.Enqueue(Sample.Pending(new string('x', 900)));

        Assert.Equal(0, second.Enqueue(Sample.Pending(new string('y', 300))));
        Assert.Equal(1, second.Enqueue(Sample.Pending(new string('z', 310))));
        Assert.Equal(1, first.Count);
        first.Clear();
        second.Clear();
        Assert.Equal((0L, 0L), (_bounds.TotalMessages, _bounds.TotalBytes));
    }

    [Fact]
    public void UnfinishedStandInFrontAndAreNotDropped()
    {
        var queue = new OfflineQueue(_bounds);
        foreach (var text in (string[])["late1", "late2", "late3"])
            queue.Enqueue(Sample.Pending(text));

        var dropped = queue.Prepend([
            Sample.Pending("", stage: PendingStage.Released, id: 7), Sample.Pending("sent", stage: PendingStage.Published, id: 8),
            Sample.Pending("q1"), Sample.Pending("q2"), Sample.Pending("q3")]);

        Assert.Equal(1, dropped);
        Assert.Equal(["", "sent", "q2", "q3", "late1", "late2", "late3"], Sample.Texts(queue.ToArray()));
    }

    [Fact]
    public void ExpiredMessageIsNeverHandedOut()
    {
        var queue = new OfflineQueue(_bounds);
        queue.Enqueue(Sample.Pending("gone", expiresAt: 100));
        queue.Enqueue(Sample.Pending("lives", expiresAt: 101));
        queue.Enqueue(Sample.Pending("eternal"));
        queue.Prepend([Sample.Pending("begun", stage: PendingStage.Published, expiresAt: 50)]); // delivery began: [MQTT-3.3.2-5] is past

        Assert.Equal(["begun", "lives", "eternal"], Sample.Texts(queue.TakeAll(100, out var expired)));
        Assert.Equal(1, expired);
    }

    [Fact]
    public void QueueBehavesLikeAListForAnyOperations()
    {
        for (var seed = 0; seed < 200; seed++)
            AssertBehavesLikeAList(new Random(seed));
    }

    private static void AssertBehavesLikeAList(Random random)
    {
        var bounds = new QueueBounds(random.Next(1, 40), random.Next(200, 5_000), long.MaxValue);
        var (queue, sent, unsent) = (new OfflineQueue(bounds), new List<PendingMessage>(), new List<PendingMessage>());
        for (var step = 0; step < 200; step++)
        {
            var message = Sample.Pending(new string('x', random.Next(50)), stage: random.Next(5) == 0 ? PendingStage.Published : PendingStage.Queued);
            if (random.Next(10) == 0)
            {
                queue.Prepend([message, message]);
                (message.Stage == PendingStage.Queued ? unsent : sent).InsertRange(0, [message, message]);
            }
            else
            {
                message = message with { Stage = PendingStage.Queued };
                queue.Enqueue(message);
                if (sent.Sum(OfflineQueue.Cost) + OfflineQueue.Cost(message) <= bounds.Bytes)
                    unsent.Add(message);
            }
            while (unsent.Count > bounds.Messages || (unsent.Count > 0 && unsent.Concat(sent).Sum(OfflineQueue.Cost) > bounds.Bytes))
                unsent.RemoveAt(0);
            Assert.Equal(sent.Concat(unsent).Sum(OfflineQueue.Cost), queue.Bytes);
            Assert.Equal([.. sent, .. unsent], queue.ToArray());
        }
    }
}
