using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Queue;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.Queue;

/// <summary>Messages that wait for long are no objects; those that are shared, expire, or are not in the log yet stay ones.</summary>
public sealed class QueueSlotTests
{
    private readonly SessionQueue _queue = new(new QueueBounds(100_000, long.MaxValue, long.MaxValue));

    public static TheoryData<byte, bool, uint[], bool> Slots()
    {
        var slots = new TheoryData<byte, bool, uint[], bool>();
        foreach (var qos in (byte[])[0, 1, 2])
        {
            foreach (var retain in (bool[])[false, true])
            {
                foreach (var isPlain in (bool[])[false, true])
                {
                    slots.Add(qos, retain, [], isPlain);
                    slots.Add(qos, retain, [1, 268_435_455], isPlain);
                }
            }
        }

        return slots;
    }

    [Theory, MemberData(nameof(Slots))]
    public void SlotIsReadAsItWasWritten(byte qos, bool retain, uint[] identifiers, bool isPlain)
    {
        var message = isPlain ? new MessageRef(1L << 40, MessageRef.LongestPlain) : new StoredMessage(new MessageBody(null, 7, 0, 1L << 40));
        var item = new QueueItem(1_000, message, qos, retain, identifiers);
        var slot = new QueueSlot(item, 900);
        Assert.Equal(1_000, slot.NumberFrom(900));
        Assert.Equivalent(item, slot.ItemFrom(900), strict: true);
        Assert.Equivalent(item with { Message = new MessageRef(1L << 40, item.Message.Length) }, slot.Settled().ItemFrom(900), strict: true);
        Assert.Null(slot.ItemFrom(900).Share);

        item = item with { Share = "$share/g/t" };
        slot = new QueueSlot(item, 900);
        Assert.Equivalent(item, slot.ItemFrom(900), strict: true);
        Assert.Equivalent(item with { Message = new MessageRef(1L << 40, item.Message.Length) }, slot.Settled().ItemFrom(900), strict: true);
    }

    [Fact]
    public void FullChunkLetsGoOfItsObjects()
    {
        for (var number = 1; number <= 1_000; number++)
        {
            Add(number).Commit(number + 5_000);
        }

        Assert.Equal(Enumerable.Range(1, 1_000).Select(number => (number + 5_000L, number)), _queue.From(0).Select(item => (item.Message.Offset, item.Message.Length)));
        Assert.All(_queue.From(0).TakeWhile(item => item.Number <= 4 + 8 + 16 + 32 + 64 + 128 + 256), item => Assert.Null(item.Message.Object));
    }

    [Fact]
    public void SharedExpiringUncommittedAndInMemoryStayObjects()
    {
        Add(1).Commit(1);
        var shared = Add(2);
        shared.IsShared = true;
        shared.Commit(2);
        Add(3, expiresAt: 99).Commit(3);
        var uncommitted = Add(4);
        for (var number = 5; number <= 8; number++)
        {
            Add(number).Commit(-1);
        }

        Fill(9, 20);
        Assert.Equal([2, 3, 4, 5, 6, 7, 8], _queue.From(0).Take(8).Where(item => item.Message.Object is not null).Select(item => item.Number));

        uncommitted.Commit(44);
        Assert.Equal(44, _queue.Find(4)?.Offset);
    }

    [Fact]
    public void MessageMovesInItsQueueButNotInWhatASnapshotShows()
    {
        Fill(1, 20);
        _queue.Begin(1, 7, GrainMQ.Grains.Contracts.PendingStage.Published);
        var shown = _queue.Waiting.SelectMany(run => run).Select(item => item.Message.Offset).ToArray();
        var runs = _queue.Waiting;
        _queue.Hold(1)!.Move(901);
        _queue.Hold(2)!.Move(902);
        Assert.Null(_queue.Hold(21));

        Assert.Equal([901, 902, 1_003], new long[] { 1, 2, 3 }.Select(number => _queue.Find(number)?.Offset ?? 0));
        Assert.Equal(shown, runs.SelectMany(run => run).Select(item => item.Message.Offset));
    }

    [Fact]
    public void ChunkThatASnapshotReadsIsNotSettled()
    {
        var messages = Enumerable.Range(1, 4).Select(number => Add(number)).ToArray();
        var run = Assert.Single(_queue.Waiting);
        foreach (var message in messages)
        {
            message.Commit(7);
        }

        Fill(5, 20);
        Assert.All(run, item => Assert.NotNull(item.Message.Object));
    }

    private void Fill(int first, int last)
    {
        for (var number = first; number <= last; number++)
        {
            Add(number).Commit(number + 1_000);
        }
    }

    private StoredMessage Add(long number, long expiresAt = 0)
    {
        var message = new StoredMessage(new MessageBody(new byte[number], (int)number, expiresAt));
        _queue.Enqueue(new QueueItem(number, message, 1, false, []));
        return message;
    }
}
