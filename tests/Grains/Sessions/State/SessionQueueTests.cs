using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.State;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.State;

public sealed class SessionQueueTests : StoreShardStateTests
{
    [Fact]
    public void UnfinishedDeliveriesComeBeforeWhatWasQueuedSince()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60, pending: [Sample.Pending("sent", stage: PendingStage.Published, id: 4), Sample.Pending("q")]));
        Queue(1, "new1", "new2");

        var state = Attach(expiry: 60).State;

        Assert.Equal(["sent", "q", "new1", "new2"], Sample.Texts(state?.Pending ?? []));
        Assert.Equal((ushort)4, state?.Pending[0].PacketId);
    }

    [Fact]
    public void FullQueueDropsTheOldestAndCountsIt()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60));
        Assert.Equal(2, Queue(1, "1", "2", "3", "4", "5", "6", "7").Dropped);

        Assert.Equal(["3", "4", "5", "6", "7"], Sample.Texts(Attach(expiry: 60).State?.Pending ?? []));
        Assert.Equal(2, Drops[QueueDropReason.QueueFull]);
    }

    [Fact]
    public void MessageForNobodyIsCounted()
    {
        Assert.Equal([0], Queue(1, "m").Sequences ?? []);
        Assert.Equal(1, Drops[QueueDropReason.NoSession]);
        Assert.False(Info.Exists);
    }

    [Fact]
    public void ExpiredMessageIsNeitherTakenNorHandedOut()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60));
        var target = new QueueTarget(Key, 1, false, []);
        Queue(new QueueBatch(Sample.A, 1, [
            new QueueEntry(Sample.Bytes("late"), Now, [target]), new QueueEntry(Sample.Bytes("soon"), Now + 1_000, [target]),
            new QueueEntry(Sample.Bytes("lives"), Now + 1_001, [target])]));
        Wait(1);

        Assert.Equal(["lives"], Sample.Texts(Attach(expiry: 60).State?.Pending ?? []));
        Assert.Equal(2, Drops[QueueDropReason.Expired]); // [MQTT-3.3.2-5]
    }

    [Fact]
    public void MessageForAConnectedSessionIsInItsQueueUntilItIsDone()
    {
        var epoch = Attach(expiry: 60).Epoch;
        Assert.Equal([0], Queue(Sample.Batch(Sample.B, 1, Key, 0, "qos0")).Sequences ?? []);
        Assert.Equal([1], Queue(Sample.Batch(Sample.B, 2, Key, 1, "qos1")).Sequences ?? []);

        Assert.Equal(["qos1"], Page(epoch)?.Items.Texts() ?? []);
        Report(epoch, done: [1, 1]);
        Assert.Equal(0, Info.Queued);
        Assert.Equal(1, Drops[QueueDropReason.Attached]);
    }

    [Fact]
    public void MessageThatMeetsAConnectionsSessionIsKeptForThatConnection()
    {
        var epoch = Attach(expiry: 0).Epoch; // its gateway may not have heard of the shorter life when it sent the message
        Queue(1, "m");
        Assert.Equal(["m"], Page(epoch)?.Items.Texts() ?? []);
    }

    [Fact]
    public void EverythingIsStillThereWhenTheGatewayIsLost() // I11
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60, pending: [Sample.Pending("1"), Sample.Pending("qos0", qos: 0)]));
        Attach(expiry: 60, gateway: Sample.B);
        Queue(Sample.Batch(Sample.A, 1, Key, 1, "2"));
        Table.Lifecycle.Lose(Sample.B, Now);

        Assert.Equal(["1", "qos0", "2"], Sample.Texts(Attach(expiry: 60).State?.Pending ?? []));
    }

    [Fact]
    public void NumbersRiseByOneAndAreNotUsedAgain()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60));
        Assert.Equal([1, 2, 3], Queue(1, "1", "2", "3").Sequences ?? []);
        var epoch = Attach(expiry: 60).Epoch;
        Report(epoch, done: [1, 3]);
        Assert.Equal([4], Queue(2, "4").Sequences ?? []);
        Detach(epoch, Sample.Close(60, pending: [Sample.Pending("handed back")]));

        Assert.Equal([5, 4], Attach(expiry: 60).State?.Pending.Select(message => message.Sequence));
        Assert.Equal([6], Queue(3, "6").Sequences ?? []);
    }

    [Fact]
    public void CleanStartBeginsWithAnEmptyQueueAndFreesTheOldOne()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60));
        Queue(1, "1", "2");
        var epoch = Attach(clean: true, expiry: 60).Epoch;

        Assert.Equal((0, 0), (Table.Queues.TotalMessages, Table.Queues.TotalBytes));
        Assert.Equal([1], Queue(2, "new").Sequences ?? []);
        Detach(epoch, Sample.Close(0));
        Assert.Equal((0, 0), (Table.Queues.TotalMessages, Table.Queues.TotalBytes));
    }

    [Fact]
    public void PagesHaveTheWholeQueueOnceAndTellWhereItEnds()
    {
        var epoch = Attach(expiry: 60).Epoch;
        Queue(1, "1", "2", "3", "4", "5");

        AssertPage(["1", "2"], 2, true, Page(epoch, 0, messages: 2));
        AssertPage(["3", "4", "5"], 5, false, Page(epoch, 2, messages: 3));
        Assert.Equal(["3"], Page(epoch, 2, bytes: 1)?.Items.Texts() ?? []); // at least one
        Report(epoch, done: [4, 5]);
        AssertPage(["3"], 5, false, Page(epoch, 2));
        AssertPage([], 5, false, Page(epoch, 5));
    }

    [Fact]
    public void PageEndsBeforeWhatIsNotCommitted() // I5
    {
        var epoch = Attach(expiry: 60).Epoch;
        Queue(1, "1");
        var underWay = Table.Intake.Enqueue(Sample.Batch(2, "2"), Now);
        AssertPage(["1"], 1, false, Table.Pages.Read(new QueueRead(Key, epoch, 0, 10, 1_000), Now, false, out _));
        underWay.Messages.Commit();

        Assert.Equal(["1", "2"], Page(epoch)?.Items.Texts() ?? []);
    }

    [Fact]
    public void PageIsForTheOwnerAlone()
    {
        var old = Attach(expiry: 60).Epoch;
        var current = Attach(expiry: 60, gateway: Sample.B).Epoch;

        Assert.Null(Table.Pages.Read(new QueueRead(Key, old, 0, 1, 1), Now, true, out var result));
        Assert.Equal(SessionResult.Fenced, result);
        Assert.Null(Table.Pages.Read(new QueueRead("t/none", current, 0, 1, 1), Now, true, out result));
        Assert.Equal(SessionResult.NotFound, result);
        Assert.Equal([Key], Report(old, done: [1, 1]));
    }

    [Fact]
    public void DeliveriesThatBeganComeFirstInTheOrderOfSendingAndNotInPages()
    {
        var epoch = Attach(expiry: 60).Epoch;
        Queue(1, "1", "2", "3", "4");
        Report(epoch, started: [new(2, 12, PendingStage.Published), new(1, 11, PendingStage.Published)]);
        Report(epoch, started: [new(1, 11, PendingStage.Released), new(1, 11, PendingStage.Published)]); // the latter is a late copy

        Assert.Equal(["3", "4"], Page(epoch)?.Items.Texts() ?? []);
        Table.Lifecycle.Lose(Sample.A, Now);
        var pending = Attach(expiry: 60).State?.Pending ?? [];
        Assert.Equal(["", "2", "3", "4"], Sample.Texts(pending)); // of what is released, PUBREL is all that is needed
        Assert.Equal([(PendingStage.Released, 11), (PendingStage.Published, 12)], pending.Take(2).Select(message => (message.Stage, (int)message.PacketId)));
    }

    [Fact]
    public void DeliveryThatBeginsIsGoneWhenItsMessageIs() // [MQTT-2.2.1-4]
    {
        var epoch = Attach(expiry: 60).Epoch;
        Queue(1, "1", "2", "3");
        Report(epoch, done: [1, 1]);
        StartedDelivery[] started = [new(1, 5, PendingStage.Published), new(2, 6, PendingStage.Published), new(1, 5, PendingStage.Released)];
        var batch = new ProgressBatch(Sample.A, [new SessionProgress(Key, epoch, [], started, [])]);

        Assert.Empty(Table.Progress.Note(batch));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal([new GoneDelivery(Key, 1)], Table.Progress.GoneIn(batch) ?? []);
        }

        Attach(expiry: 60);
        Assert.Null(Table.Progress.GoneIn(batch)); // it is fenced
    }

    [Fact]
    public void ReportsMayBeRepeated()
    {
        var epoch = Attach(expiry: 60).Epoch;
        Queue(1, "1", "2", "3");
        for (var i = 0; i < 3; i++)
        {
            Assert.Empty(Report(epoch, done: [1, 2, 77, 80], started: [new(3, 5, PendingStage.Published), new(1, 9, PendingStage.Published)]));
        }

        Assert.Equal(1, Info.Queued);
    }

    [Fact]
    public void CloseTellsWhatIsDoneAndHowFarTheRestHasCome()
    {
        var epoch = Attach(expiry: 60).Epoch;
        Queue(1, "1", "2", "3");
        var begun = Sample.Pending("", stage: PendingStage.Published, id: 7) with { Sequence = 2 };
        Detach(epoch, Sample.Close(60, pending: [begun, Sample.Pending("retained")]) with { Done = [1, 1] });

        var state = Attach(expiry: 60).State;
        Assert.Equal(["2", "retained", "3"], Sample.Texts(state?.Pending ?? []));
        Assert.Equal((7, PendingStage.Published), ((int?)state?.Pending[0].PacketId, state?.Pending[0].Stage));
        Assert.Equal(4, state?.Last);
    }

    [Fact]
    public void PublicationThatIsSentAgainIsQueuedOnce() // [MQTT-4.3.3-10]
    {
        var epoch = Attach(expiry: 60).Epoch;
        var entry = new QueueEntry(Sample.Bytes("m"), 0, [new QueueTarget(Key, 2, false, [])], new MessageOrigin(Key, 9));

        Assert.Equal([1], Queue(new QueueBatch(Sample.A, 1, [entry])).Sequences ?? []);
        Assert.Equal([0], Queue(new QueueBatch(Sample.A, 2, [entry])).Sequences ?? []);
        Assert.Equal([9], Table.StateOf(Key, epoch, Now)?.InboundQos2 ?? []);
        Report(epoch, released: [9]);
        Assert.Equal([2], Queue(new QueueBatch(Sample.A, 3, [entry])).Sequences ?? []);
        Queue(new QueueBatch(Sample.A, 4, [entry with { Targets = [], Origin = new MessageOrigin(Key, 10) }])); // its targets are elsewhere
        Assert.Equal([9, 10], [.. (Table.StateOf(Key, epoch, Now)?.InboundQos2 ?? []).Order()]);
    }

    [Fact]
    public void MessageForASessionThatACleanStartHasReplacedIsNotForTheNewOne() // [MQTT-3.1.2-4]
    {
        var old = Attach(expiry: 60).Epoch;
        var epoch = Attach(expiry: 60, clean: true).Epoch;
        var late = new QueueEntry(Sample.Bytes("late"), 0, [new QueueTarget(Key, 1, false, [], old)]);

        Assert.Equal([0], Queue(new QueueBatch(Sample.A, 1, [late])).Sequences ?? []);
        Assert.Equal([1], Queue(new QueueBatch(Sample.A, 2, [late with { Targets = [new QueueTarget(Key, 1, false, [], epoch)] }])).Sequences ?? []);
    }

    [Fact]
    public void MessageForASessionThatACleanStartHasReplacedIsNotForTheNewOneAfterASnapshotEither() // [MQTT-3.1.2-4]
    {
        var old = Attach(expiry: 60).Epoch;
        var epoch = Attach(expiry: 60, clean: true).Epoch;
        var restored = new StoreShardState(new GrainOptions());
        restored.Restore(Table.Snapshot());
        long NumberOf(ulong known) =>
            restored.Intake.Enqueue(new QueueBatch(Sample.A, (long)known, [new QueueEntry([], 0, [new QueueTarget(Key, 1, false, [], known)])]), Now).Reply.Sequences![0]; // a first batch has them

        Assert.Equal(0, NumberOf(old));
        Assert.Equal(1, NumberOf(epoch));
    }

    [Fact]
    public void MessageForAnEarlierConnectionOfASessionIsForTheLaterOneAfterASnapshotToo()
    {
        var old = Attach(expiry: 60).Epoch;
        Attach(expiry: 60);
        var restored = new StoreShardState(new GrainOptions());
        restored.Restore(Table.Snapshot());
        var late = new QueueEntry([], 0, [new QueueTarget(Key, 1, false, [], old)]);

        Assert.Equal([1], restored.Intake.Enqueue(new QueueBatch(Sample.A, 1, [late]), Now).Reply.Sequences ?? []);
    }

    [Fact]
    public void OwnerHearsOfWhatAnotherGatewayQueued()
    {
        Attach(expiry: 60, gateway: Sample.B);
        Assert.Equal([(Sample.B, Key)], Table.Intake.Enqueue(Sample.Batch(Sample.A, 1, Key, 1, "m"), Now).Unread);
        Assert.Empty(Table.Intake.Enqueue(Sample.Batch(Sample.B, 1, Key, 1, "m"), Now).Unread);
    }

    [Fact]
    public void PresetSessionQueuesBeforeItsDeviceConnects()
    {
        Assert.Equal(SessionResult.Ok, Preset(0, "a"));
        Queue(1, "m");
        Wait(1_000_000);
        var reply = Attach(expiry: 60);

        Assert.True(reply.SessionPresent);
        Assert.Null(reply.Previous);
        Assert.Equal(["m"], Sample.Texts(reply.State?.Pending ?? []));
        Assert.Equal("a", Assert.Single(reply.State?.Subscriptions ?? []).Filter);
    }

    [Fact]
    public void PresetAddsToADetachedSessionAndNeverShortensIt()
    {
        var epoch = Attach(expiry: 60, will: "w", delay: 20).Epoch;
        Subscribe(epoch, "a");
        Detach(epoch, Sample.Close(60, WillAction.Arm));

        Assert.Equal(SessionResult.Ok, Preset(10, "b"));
        Assert.Equal(["a", "b"], Assert.Single(Table.Interest.Snapshot()).Subscriptions?.Select(subscription => subscription.Filter).Order());
        Wait(20);
        Assert.Equal(["w"], DueWills());
        Assert.True(Info.Exists);
        Assert.Equal(SessionResult.Ok, Preset(1_000, "b"));
        Wait(999);
        Assert.True(Info.Exists);
        Wait(1);
        Assert.False(Info.Exists);
    }

    [Fact]
    public void PresetOfAConnectedSessionNeedsOneThatOutlivesItsConnection()
    {
        var epoch = Attach(expiry: 0).Epoch;
        Assert.Equal(SessionResult.Busy, Preset(60, "a"));
        Detach(epoch, Sample.Close());
        Attach(expiry: 60);
        Assert.Equal(SessionResult.Ok, Preset(60, "a"));
        Assert.Empty(Table.Interest.Snapshot());
        Assert.Equal("a", Assert.Single(Info.Subscriptions).Filter);
    }

    private static void AssertPage(string[] texts, long last, bool hasMore, QueueSlice? page)
    {
        Assert.Equal(texts, page?.Items.Texts() ?? []);
        Assert.Equal((last, hasMore), (page?.Last, page?.HasMore));
    }

    private QueueReply Queue(long sequence, params string[] messages) => Queue(Sample.Batch(sequence, messages));

    private SessionResult Preset(uint expiry, params string[] filters) => Table.Presets.Preset(
        Key, new PresetRequest([.. filters.Select(filter => Sample.Subscription(filter))], expiry), Table.Sessions.NextEpoch(Now), Now);

    [Fact]
    public void IdentifierOfAPublicationWithoutAnAnswerIsKeptIfItWasStored() // [MQTT-4.3.3-10]
    {
        var epoch = Attach(expiry: 60).Epoch;
        var stored = Sample.Batch(1, "m").Entries[0] with { Origin = new MessageOrigin(Key, 7) };
        Queue(new QueueBatch(Sample.A, 1, [stored]));
        Detach(epoch, Sample.Close(60, qos2: [3]) with { UncertainQos2 = [7, 8] });

        Assert.Equal([3, 7], [.. (Attach(expiry: 60).State?.InboundQos2 ?? []).Order()]);
        Queue(new QueueBatch(Sample.A, 2, [stored]));
        Assert.Equal(1, Info.Queued);
    }
}
