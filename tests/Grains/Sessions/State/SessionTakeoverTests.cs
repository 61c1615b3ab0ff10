using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.State;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.State;

public sealed class SessionTakeoverTests : StoreShardStateTests
{
    [Fact]
    public void FirstConnectFindsNoSession()
    {
        var reply = Attach(expiry: 60);

        Assert.Equal((SessionResult.Ok, false, null, null), (reply.Result, reply.SessionPresent, reply.Previous, reply.State));
        Assert.Equal(new SessionOwner(Sample.A, 100, reply.Epoch), Info.Owner);
    }

    [Fact]
    public void EpochRisesWithEveryConnectAlsoWithinAMillisecond()
    {
        var epochs = Enumerable.Range(0, 1_000).Select(_ => Attach().Epoch).ToArray();
        Assert.Equal(epochs.Distinct().Order(), epochs);
    }

    [Theory]
    [InlineData(true, 60u, false)] // clean start: a new session [MQTT-3.1.2-4]
    [InlineData(false, 60u, true)]
    [InlineData(false, 0u, false)] // the old session ends with its connection, whatever the new one wants
    public void TakeoverOfALiveConnectionDecidesByTheOldExpiry(bool clean, uint oldExpiry, bool present)
    {
        var old = Attach(expiry: oldExpiry);
        Subscribe(old.Epoch, "a/b");
        var reply = Attach(clean, expiry: 30, gateway: Sample.B);

        Assert.Equal(present, reply.SessionPresent);
        Assert.Equal(new SessionOwner(Sample.A, 100, old.Epoch), reply.Previous);
        Assert.Equal(present ? ["a/b"] : null, reply.State?.Subscriptions.Select(subscription => subscription.Filter));
        Assert.Equal(present ? ["a/b"] : [], Info.Subscriptions.Select(subscription => subscription.Filter));
        Assert.Equal(30u, Info.ExpirySeconds);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void DetachedSessionIsResumedUnlessCleanStart(bool clean, bool present)
    {
        var old = Attach(expiry: 60);
        Subscribe(old.Epoch, "a/b");
        Detach(old.Epoch, Sample.Close(60, qos2: [3, 5], pending: [Sample.Pending("m")]));
        var reply = Attach(clean, expiry: 60);

        Assert.Equal((present, null), (reply.SessionPresent, reply.Previous));
        Assert.Equal(present ? ["m"] : null, reply.State is { } state ? Sample.Texts(state.Pending) : null);
        Assert.Equal(present ? [3, 5] : null, reply.State?.InboundQos2);
    }

    [Fact]
    public void ReplacedConnectionIsFenced()
    {
        var old = Attach(expiry: 60);
        var current = Attach(expiry: 60, gateway: Sample.B);

        Assert.Equal(SessionResult.Fenced, Subscribe(old.Epoch, "a"));
        Assert.Equal(SessionResult.Fenced, Detach(old.Epoch, Sample.Close(60)));
        Assert.Equal(SessionResult.Ok, Subscribe(current.Epoch, "a"));
        Assert.Equal(current.Epoch, Info.Owner?.Epoch);
    }

    [Fact]
    public void RepeatedConnectGetsTheSameAnswer()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60, pending: [Sample.Pending("m")]));
        var request = Sample.Open(connection: 1_000, expiry: 60);
        var (first, again) = (Attach(request), Attach(request));

        Assert.Equal(first with { State = null }, again with { State = null });
        Assert.Equal(["m"], Sample.Texts(first.State?.Pending ?? []));
        Assert.Equal(["m"], Sample.Texts(again.State?.Pending ?? []));
    }

    [Fact]
    public void ConnectThatComesAfterItsOwnCloseTakesNothing()
    {
        var request = Sample.Open(connection: 7, expiry: 60);
        var reply = Attach(request);
        Detach(reply.Epoch, Sample.Close(60));

        Assert.Equal(SessionResult.Fenced, Attach(request).Result);
        Assert.Null(Info.Owner);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CopyOfAnEarlierConnectTakesNothingFromTheLaterOnes(bool clean)
    {
        var requests = Enumerable.Range(1, 4).Select(i => Sample.Open(i % 2 == 0 ? Sample.A : Sample.B, 10 - i, clean, 60)).ToArray();
        var replies = requests.Select(request => Attach(request)).ToArray();

        Assert.All(replies, reply => Assert.Equal(SessionResult.Ok, reply.Result)); // connections send CONNECT in any order
        foreach (var late in requests[..^1])
        {
            Assert.Equal(SessionResult.Fenced, Attach(late).Result);
        }

        Assert.Equal(replies[^1].Epoch, Info.Owner?.Epoch);
    }

    [Fact]
    public void TakeoverOffersEverythingThatIsNotReportedAsDone()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60, pending: [Sample.Pending("m"), Sample.Pending("qos0", qos: 0)], qos2: [4]));
        var lost = Attach(expiry: 60); // whose answer is lost
        Queue(Sample.Batch(1, "later"));
        var reply = Attach(expiry: 60);

        Assert.Equal(lost.Epoch, reply.Previous?.Epoch);
        Assert.Equal(["m", "qos0", "later"], Sample.Texts(reply.State?.Pending ?? []));
        Assert.Equal([4], reply.State?.InboundQos2 ?? []);
        Report(reply.Epoch, done: [2, 3]);
        Detach(reply.Epoch, Sample.Close(60));
        Assert.Equal(["m"], Sample.Texts(Attach(expiry: 60).State?.Pending ?? []));
    }

    [Fact]
    public void SessionsAreLimited()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(SessionResult.Ok, Attach(key: $"t/{i}").Result);
        }

        Assert.Equal(SessionResult.Quota, Attach(key: "t/10").Result);
        Assert.Equal(SessionResult.Ok, Attach(key: "t/9").Result);
        Assert.Equal(10, Table.Count);
    }

    [Fact]
    public void SubscriptionsAreLimited()
    {
        var epoch = Attach(expiry: 60).Epoch;

        Assert.Equal(SessionResult.Ok, Subscribe(epoch, "a", "b"));
        Assert.Equal(SessionResult.Quota, Subscribe(epoch, "c", "d"));
        Assert.Equal(SessionResult.Ok, Subscribe(epoch, "a", "c")); // a is replaced [MQTT-3.8.4-3]
        Assert.Equal(["a", "b", "c"], Info.Subscriptions.Select(subscription => subscription.Filter).Order());
    }

    [Fact]
    public void SubscriptionsThatAreRefusedChangeNothing()
    {
        var epoch = Attach(expiry: 60).Epoch;
        Assert.Equal(SessionResult.Ok, Subscribe(epoch, "a", "b", "c"));

        Assert.Equal(SessionResult.Quota, Apply(epoch, ["d", "e"], ["a"])); // four would be one too many
        Assert.Equal(["a", "b", "c"], Info.Subscriptions.Select(subscription => subscription.Filter).Order());
        Assert.Equal(SessionResult.Ok, Apply(epoch, ["d", "d"], ["a", "a", "x"]));
        Assert.Equal(["b", "c", "d"], Info.Subscriptions.Select(subscription => subscription.Filter).Order());
        Assert.Equal(SessionResult.Ok, Apply(epoch, ["b", "c"], ["b"])); // removed and added again
        Assert.Equal(3, Info.Subscriptions.Length);
    }

    [Fact]
    public void JournalIsReplayedAlsoWhenLessIsAllowedByNow()
    {
        var strict = new StoreShardState(new GrainOptions { StoreShards = 1, MaxSessions = 1, MaxSubscriptionsPerSession = 1 });
        var request = new OpenRequest(Sample.A, 1, CleanStart: false, 60, null);
        foreach (var key in (string[])["t/1", "t/2"])
        {
            strict.Apply(new Attached(Now, key, request, 5));
        }

        SubscriptionRecord[] two = [Sample.Subscription("a"), Sample.Subscription("b")];
        strict.Apply(new Applied(Now, new SessionDelta("t/2", 5, two, [])));
        strict.Apply(new Preset(Now, "t/3", new PresetRequest(two, 60), 6));

        Assert.Equal(3, strict.Sessions.Count);
        Assert.Equal(2, strict.Sessions.Info("t/2").Subscriptions.Length);
        Assert.Equal(2, strict.Sessions.Info("t/3").Subscriptions.Length);
        Assert.Equal(SessionResult.Ok, strict.Subscriptions.Apply(new SessionDelta("t/2", 5, [Sample.Subscription("a")], [])));
        Assert.Equal(SessionResult.Quota, strict.Subscriptions.Apply(new SessionDelta("t/2", 5, [Sample.Subscription("c")], ["a"])));
        Assert.Equal(SessionResult.Ok, strict.Subscriptions.Apply(new SessionDelta("t/2", 5, [], ["a"])));
    }

    [Fact]
    public void ReattachRebuildsWhatTheShardLost()
    {
        var owner = new SessionOwner(Sample.A, 5, 1_000);
        var entry = new ReattachEntry(Key, owner, 60, new WillRecord(Sample.Bytes("w"), 0), [Sample.Subscription("a")]);

        Assert.Empty(Table.Attachment.Reattach(new ReattachBatch(Sample.A, [entry])));
        Assert.Equal(owner, Info.Owner);
        Assert.Empty(Table.Attachment.Reattach(new ReattachBatch(Sample.A, [entry]))); // again: nothing changes
        Detach(owner.Epoch, Sample.Close(60, WillAction.Arm));
        Assert.Equal(["w"], DueWills());
    }

    [Fact]
    public void ReattachIsFencedByAHigherEpochAndByItsOwnClose()
    {
        var old = Attach(expiry: 60);
        var entry = new ReattachEntry(Key, new SessionOwner(Sample.A, 100, old.Epoch), 60, null, []);
        var current = Attach(expiry: 60, gateway: Sample.B);

        Assert.Equal([Key], Table.Attachment.Reattach(new ReattachBatch(Sample.A, [entry])));
        Detach(current.Epoch, Sample.Close(60));
        var late = entry with { Owner = new SessionOwner(Sample.B, 101, current.Epoch) };
        Assert.Equal([Key], Table.Attachment.Reattach(new ReattachBatch(Sample.B, [late])));
        Assert.Null(Info.Owner);
    }

    [Fact]
    public void EpochsStayAboveThoseThatReattach()
    {
        var ahead = Table.Sessions.NextEpoch(Now) + 5_000_000;
        Table.Attachment.Reattach(new ReattachBatch(Sample.A, [new ReattachEntry("t/x", new SessionOwner(Sample.A, 1, ahead), 0, null, [])]));
        Assert.True(Attach().Epoch > ahead);
    }
}
