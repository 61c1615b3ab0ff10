using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Compaction;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.Compaction;

/// <summary>Everything is met that waits from the first part to the last, however the queues change between the parts.</summary>
public sealed class QueueWalkTests
{
    private readonly QueueBounds _bounds = new(1_000, long.MaxValue, long.MaxValue);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(1_000)]
    public void PartLooksAtSoManySessionsAndMessages(int most)
    {
        const int Begun = 2;
        SessionRecord[] records = [Record(10), Record(0), Record(0), Record(0), Record(5, Begun), Record(0)];
        var walk = new QueueWalk(records, most);
        var (parts, met) = (0, 0);
        for (; !walk.IsOver; parts++)
        {
            var part = walk.Part().Count();
            Assert.InRange(part, 0, most + Begun); // what stands in front is met as a whole
            met += part;
        }
        Assert.Equal(15, met);
        Assert.InRange(parts, 1, 1 + (21 / most));
    }

    [Fact]
    public void WhoLeavesAPartGoesOnBehindTheMessage()
    {
        var walk = new QueueWalk([Record(10)], most: 100);
        var met = new List<long>();
        while (!walk.IsOver)
        {
            met.AddRange(walk.Part().Take(3).Select(pair => pair.Item.Number));
        }

        Assert.Equal(Enumerable.Range(1, 10).Select(number => (long)number), met);
    }

    [Fact]
    public void MessagesThatWaitAllTheWhileAreMet()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            SessionRecord[] records = [.. Enumerable.Range(0, 4).Select(_ => Record(random.Next(30), random.Next(3)))];
            var stay = records.SelectMany(Numbers).ToHashSet();
            var walk = new QueueWalk(records, random.Next(1, 6));
            var met = new HashSet<(SessionRecord, long)>();
            while (!walk.IsOver)
            {
                met.UnionWith(walk.Part().Select(pair => (pair.Session, pair.Item.Number)));
                Change(random, records[random.Next(4)]);
                stay.IntersectWith(records.SelectMany(Numbers));
            }
            Assert.Empty(stay.Except(met));
        }
    }

    private static void Change(Random random, SessionRecord record)
    {
        var number = random.Next(1, 40);
        switch (random.Next(6))
        {
            case 0:
                record.Queue.Enqueue(Item(++record.LastNumber));
                break;
            case 1:
                record.Queue.Remove(number, number + random.Next(5));
                break;
            case 2 when random.Next(4) == 0:
                record.Queue.Clear();
                break;
            default:
                record.Queue.Begin(number, 7, PendingStage.Published);
                break;
        }
    }

    private SessionRecord Record(int messages, int begun = 0)
    {
        var record = new SessionRecord("t/s", 1, uint.MaxValue, _bounds);
        for (var count = 0; count < messages; count++)
        {
            record.Queue.Enqueue(Item(++record.LastNumber));
        }

        for (var number = 1; number <= begun; number++)
        {
            record.Queue.Begin(number, (ushort)number, PendingStage.Published);
        }

        return record;
    }

    private static QueueItem Item(long number) => new(number, new StoredMessage(new MessageBody([1], 1, 0)), 1, false, []);

    private static IEnumerable<(SessionRecord, long)> Numbers(SessionRecord record) =>
        record.Queue.Front.Concat(record.Queue.From(0)).Select(item => (record, item.Number));
}
