using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions;

public sealed class SessionQueueTests : SessionTableTests
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
        Assert.Equal(2, Queue(1, "1", "2", "3", "4", "5", "6", "7"));

        Assert.Equal(["3", "4", "5", "6", "7"], Sample.Texts(Attach(expiry: 60).State?.Pending ?? []));
        Assert.Equal(2, Drops[DropReason.QueueFull]);
    }

    [Fact]
    public void MessageForNobodyIsCounted()
    {
        Queue(1, "m");
        Assert.Equal(1, Drops[DropReason.NoSession]);
        Assert.False(Info.Exists);
    }

    [Fact]
    public void ExpiredMessageIsNeitherTakenNorHandedOut()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60));
        var target = new QueueTarget(Key, 1, false, []);
        Table.Queue(new QueueBatch(Sample.A, 1, [
            new QueueEntry(Sample.Bytes("late"), Now, [target]), new QueueEntry(Sample.Bytes("soon"), Now + 1_000, [target]),
            new QueueEntry(Sample.Bytes("lives"), Now + 1_001, [target])]), Now);
        Wait(1);

        Assert.Equal(["lives"], Sample.Texts(Attach(expiry: 60).State?.Pending ?? []));
        Assert.Equal(2, Drops[DropReason.Expired]); // [MQTT-3.3.2-5]
    }

    [Fact]
    public void MessageThatMeetsAnAttachedSessionWaitsForTheNextResume()
    {
        var epoch = Attach(expiry: 60).Epoch;
        Table.Queue(Sample.Batch(Sample.B, 1, Key, 0, "qos0"), Now);
        Table.Queue(Sample.Batch(Sample.B, 2, Key, 1, "qos1"), Now);
        Detach(epoch, Sample.Close(60, pending: [Sample.Pending("before")]));

        Assert.Equal(["before", "qos1"], Sample.Texts(Attach(expiry: 60).State?.Pending ?? []));
        Assert.Equal(1, Drops[DropReason.Attached]);
    }

    [Fact]
    public void MessageThatMeetsAConnectionsSessionIsDropped()
    {
        Attach(expiry: 0);
        Queue(1, "m");
        Assert.Equal((0, 1), (Info.Queued, Drops[DropReason.Attached]));
    }

    [Fact]
    public void MessagesHandedOutArePendingAgainWhenTheGatewayIsLost()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60, pending: [Sample.Pending("1"), Sample.Pending("qos0", qos: 0)]));
        Attach(expiry: 60, gateway: Sample.B);
        Table.Queue(Sample.Batch(Sample.A, 1, Key, 1, "2"), Now);
        Table.Lose(Sample.B, Now);

        Assert.Equal(["1", "2"], Sample.Texts(Attach(expiry: 60).State?.Pending ?? []));
    }

    [Fact]
    public void MessagesHandedOutAreForgottenWhenTheOwnerSaysThatTheyAreFinished()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60, pending: [Sample.Pending("1")]));
        var epoch = Attach(expiry: 60, gateway: Sample.B).Epoch;
        Subscribe(epoch);
        Table.Lose(Sample.B, Now);

        Assert.Empty(Attach(expiry: 60).State?.Pending ?? []);
    }

    [Fact]
    public void MessagesHandedOutAreReplacedByWhatTheOwnerReports()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60, pending: [Sample.Pending("1"), Sample.Pending("2")]));
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60, pending: [Sample.Pending("2")]));

        Assert.Equal(["2"], Sample.Texts(Attach(expiry: 60).State?.Pending ?? []));
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
        Assert.Equal(0, Table.Interest.Count);
        Assert.Equal("a", Assert.Single(Info.Subscriptions).Filter);
    }

    private int Queue(long sequence, params string[] messages) => Table.Queue(Sample.Batch(sequence, messages), Now);

    private SessionResult Preset(uint expiry, params string[] filters) => Table.Preset(
        Key, new PresetRequest([.. filters.Select(filter => Sample.Subscription(filter))], expiry), Table.NextEpoch(Now), Now);
}
