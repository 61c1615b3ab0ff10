using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.State;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.State;

/// <summary>What a session leaves to share groups when it ends. MQTT 5 §4.8.2.</summary>
public sealed class EndedQueuesTests : StoreShardStateTests
{
    private const string Share = "$share/g/t";
    private const string Other = "t/other";

    private long _sequence;

    public enum End { Expires, DetachesForGood, CleanStart, CleanStartTakesOver, GatewayIsLost }

    public static TheoryData<End> Ends => [.. Enum.GetValues<End>()];

    [Theory, MemberData(nameof(Ends))]
    public void EveryEndLeavesWhatWasNotDelivered(End end)
    {
        var epoch = Attach(expiry: 60).Epoch;
        QueueForAll(Key);
        Report(epoch, done: [2, 2], started: [new StartedDelivery(3, 7, PendingStage.Published), new StartedDelivery(4, 8, PendingStage.Published)]);

        EndSession(end, epoch);

        var queue = Assert.Single(Table.Ended.Take(10, Now));
        Assert.Equal(["1 of QoS 1", "3 of QoS 1", "5 of QoS 2"], TextsOf(queue)); // not 4 of QoS 2, which was sent [MQTT-4.8.2-5]
        Assert.False(Info.Exists && Info.Queued > 0);
        Assert.Equal(TextsOf(queue), TextsOf(Restored(Table), queue)); // a snapshot has them
    }

    [Fact]
    public void SessionsOwnMessagesAreLeftToNoOne()
    {
        var epoch = Attach(expiry: 60).Epoch;
        Queue(new QueueBatch(Sample.A, ++_sequence, [new QueueEntry(Sample.Bytes("own"), 0, [new QueueTarget(Key, 1, false, [])])]));
        EndSession(End.DetachesForGood, epoch);

        Assert.Empty(Table.Ended.Take(10, Now));
        Assert.Equal(0, Table.Count);
        Assert.Equal((0, 0L), (Table.Queues.TotalMessages, Table.Queues.TotalBytes));
    }

    [Fact]
    public void MessageLeavesInOneStepWithItsArrival()
    {
        var queue = Ended();
        Attach(expiry: 60, key: Other);
        var source = new QueueSource(queue.Key, 1);
        QueueEntry Entry(string key) => new(Sample.Bytes("1"), 0, [new QueueTarget(key, 1, false, [], Share: Share)], Source: source);

        Assert.Equal([0], Queue(new QueueBatch(Sample.A, ++_sequence, [Entry("t/gone")])).Sequences ?? []); // no such session: it stays
        Assert.Contains("1 of QoS 1", TextsOf(queue));
        Assert.Equal([1], Queue(new QueueBatch(Sample.A, ++_sequence, [Entry(Other)])).Sequences ?? []);
        Assert.DoesNotContain("1 of QoS 1", TextsOf(queue));
        Assert.Equal([0], Queue(new QueueBatch(Sample.B, 1, [Entry(Other)])).Sequences ?? []); // another gateway says the same
        Assert.Equal(1, Table.Sessions.Info(Other).Queued);
    }

    [Fact]
    public void MoveIsReplayedAsAWhole()
    {
        var replayed = new StoreShardState(new GrainOptions { StoreShards = 1 });
        void Both(SessionChange change) => replayed.Apply(change);

        var request = Sample.Open(connection: 1, expiry: 60);
        Both(new Attached(Now, Key, request, 5));
        Both(new Attached(Now, Other, Sample.Open(connection: 2, expiry: 60), 6));
        var queued = replayed.Intake.Enqueue(new QueueBatch(Sample.A, 1, [new QueueEntry(Sample.Bytes("m"), 0, [new QueueTarget(Key, 1, false, [], Share: Share)])]), Now);
        queued.Messages.Commit();
        Both(new Detached(Now, Key, 5, 0, WillAction.Discard, [], [], [], [], []));
        var queue = Assert.Single(replayed.Ended.Take(10, Now));
        var moved = replayed.Intake.Enqueue(
            new QueueBatch(Sample.A, 2, [new QueueEntry(Sample.Bytes("m"), 0, [new QueueTarget(Other, 1, false, [])], Source: new QueueSource(queue.Key, 1))]), Now);

        var again = new StoreShardState(new GrainOptions { StoreShards = 1 });
        foreach (var change in (SessionChange[])[
            new Attached(Now, Key, request, 5), new Attached(Now, Other, Sample.Open(connection: 2, expiry: 60), 6), queued.Change,
            new Detached(Now, Key, 5, 0, WillAction.Discard, [], [], [], [], []), moved.Change])
        {
            again.Apply(change);
        }

        Assert.Equal(1, again.Sessions.Info(Other).Queued);
        Assert.Empty(again.Ended.Take(10, Now));
        Assert.Equal(1, again.Count);
    }

    [Fact]
    public void ReportEndsTheQueueAndItsRepetitionIsFenced()
    {
        var queue = Ended();
        ProgressBatch Gone(params long[] pairs) => new(Sample.A, [new SessionProgress(queue.Key, queue.Epoch, pairs, [], [])]);

        Assert.Empty(Table.Progress.Note(Gone(1, 1)));
        Assert.Equal(["3 of QoS 1", "5 of QoS 2"], TextsOf(queue).Where(text => text is not ("2 of QoS 1" or "4 of QoS 2")));
        Assert.Empty(Table.Progress.Note(Gone(1, 5)));
        Assert.Null(Table.Pages.Read(new QueueRead(queue.Key, queue.Epoch, 0, 10, 1_000), Now, true, out var result));
        Assert.Equal(SessionResult.NotFound, result);
        Assert.Equal([queue.Key], Table.Progress.Note(Gone(1, 5)));
        Assert.Equal(0, Table.Count);
    }

    [Fact]
    public void LeaseLapsesUnlessTheGatewayIsAtWork()
    {
        var queue = Ended();
        Assert.Empty(Table.Ended.Take(10, Now));
        Wait(9);
        Table.Ended.Renew(queue.Key, Now);
        Wait(9);
        Assert.Empty(Table.Ended.Take(10, Now));
        Wait(2);
        Assert.Equal([queue], Table.Ended.Take(10, Now));
    }

    /// <summary>Leased once.</summary>
    private EndedQueue Ended()
    {
        var epoch = Attach(expiry: 60).Epoch;
        QueueForAll(Key);
        EndSession(End.DetachesForGood, epoch);
        return Assert.Single(Table.Ended.Take(10, Now));
    }

    private void QueueForAll(string key)
    {
        byte[] qos = [1, 1, 1, 2, 2];
        Queue(new QueueBatch(Sample.A, ++_sequence, [.. qos.Select((level, at) => new QueueEntry(
            Sample.Bytes($"{at + 1} of QoS {level}"), 0, [new QueueTarget(key, level, false, [], Share: Share)]))]));
    }

    private void EndSession(End end, ulong epoch)
    {
        switch (end)
        {
            case End.Expires:
                Detach(epoch, Sample.Close(60));
                Wait(61);
                Table.FireDue(Now);
                break;
            case End.DetachesForGood:
                Detach(epoch, Sample.Close(0));
                break;
            case End.CleanStart:
                Detach(epoch, Sample.Close(60));
                Attach(clean: true, expiry: 60);
                break;
            case End.CleanStartTakesOver:
                Attach(clean: true, expiry: 60);
                break;
            default:
                Attach(expiry: 0);
                Table.Lifecycle.Lose(Sample.A, Now);
                break;
        }
    }

    private string[] TextsOf(EndedQueue queue) => TextsOf(Table, queue);

    private string[] TextsOf(StoreShardState table, EndedQueue queue) =>
        table.Pages.Read(new QueueRead(queue.Key, queue.Epoch, 0, 100, 100_000), Now, true, out _)!.Items.Texts(); // it is there

    private static StoreShardState Restored(StoreShardState table)
    {
        var restored = new StoreShardState(new GrainOptions { StoreShards = 1 });
        restored.Restore(table.Snapshot());
        return restored;
    }
}
