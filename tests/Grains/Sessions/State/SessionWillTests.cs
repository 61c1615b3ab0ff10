using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.State;

public sealed class SessionWillTests : StoreShardStateTests
{
    [Theory]
    [InlineData(0u, 0u, 0)] // ends with its connection
    [InlineData(30u, 0u, 0)] // the session ends before the delay: due at its end [MQTT-3.1.2-8]
    [InlineData(0u, 60u, 0)]
    [InlineData(30u, 60u, 30)]
    [InlineData(60u, 30u, 30)]
    [InlineData(30u, uint.MaxValue, 30)]
    public void WillIsDueAfterItsDelayOrAtTheSessionsEnd(uint delay, uint expiry, int due)
    {
        var epoch = Attach(expiry: expiry, will: "w", delay: delay).Epoch;
        Detach(epoch, Sample.Close(expiry, WillAction.Arm));

        Assert.Equal(due > 0, Info.WillArmed);
        if (due > 0)
        {
            Wait(due - 0.001);
            Assert.Empty(DueWills());
            Wait(0.001);
        }
        Assert.Equal(["w"], DueWills());
        Wait(100_000);
        Assert.Empty(DueWills());
    }

    [Fact]
    public void NormalDisconnectDiscardsTheWill() // [MQTT-3.1.2-10]
    {
        Detach(Attach(expiry: 60, will: "w").Epoch, Sample.Close(60));
        Wait(1_000);
        Assert.Empty(DueWills());
    }

    [Fact]
    public void WillIsNotSentWhenTheSessionIsResumedBeforeItsDelay() // [MQTT-3.1.3-9]
    {
        Detach(Attach(expiry: 60, will: "old", delay: 10).Epoch, Sample.Close(60, WillAction.Arm));
        Wait(9.999);
        var reply = Attach(expiry: 60, will: "new", delay: 10);
        Wait(1_000);

        Assert.Null(reply.DueWill);
        Assert.Empty(DueWills());
        Detach(reply.Epoch, Sample.Close(60, WillAction.Arm));
        Wait(10);
        Assert.Equal(["new"], DueWills());
    }

    [Fact]
    public void CleanStartEndsTheSessionSoThatItsWaitingWillIsDue()
    {
        Detach(Attach(expiry: 60, will: "w", delay: 10).Epoch, Sample.Close(60, WillAction.Arm));
        var reply = Attach(clean: true);

        Assert.Equal("w", Sample.Text(reply.DueWill ?? []));
        IsDueUnlessCompleted(reply);
    }

    [Theory]
    [InlineData(false, 60u, 0u)]
    [InlineData(true, 60u, 0u)]
    [InlineData(true, 60u, 10u)]
    [InlineData(false, 0u, 10u)] // the session ends with its connection
    public void TakeoverSetsTheWillOff(bool clean, uint expiry, uint delay)
    {
        Attach(expiry: expiry, will: "w", delay: delay);
        var reply = Attach(clean, expiry: 60);

        Assert.Equal("w", Sample.Text(reply.DueWill ?? []));
        IsDueUnlessCompleted(reply);
    }

    [Fact]
    public void TakeoverOfASessionThatGoesOnDoesNotSetOffAWillWithADelay() // [MQTT-3.1.3-9]
    {
        Attach(expiry: 60, will: "w", delay: 10);
        Assert.Null(Attach(expiry: 60).DueWill);
        Table.Lifecycle.Lose(Sample.A, Now);
        Wait(1_000);
        Assert.Empty(DueWills());
    }

    [Fact]
    public void TakeoverLeavesTheWillOfALiveConnectionToItsGateway()
    {
        Attach(expiry: 60, will: "w");
        Assert.Null(Attach(clean: true, gateway: Sample.B).DueWill);
        Table.Lifecycle.Lose(Sample.A, Now);
        Assert.Empty(DueWills());
    }

    [Fact]
    public void WillOfTheNewConnectionIsAnother()
    {
        Attach(expiry: 60, will: "old");
        var reply = Attach(expiry: 60, will: "new");
        Detach(reply.Epoch, Sample.Close(60, WillAction.Arm));

        Assert.Equal("old", Sample.Text(reply.DueWill ?? []));
        Assert.Equal(["new"], DueWills());
        IsDueUnlessCompleted(reply);
    }

    [Theory]
    [InlineData(0u, 10u, 0)]
    [InlineData(60u, 0u, 0)]
    [InlineData(60u, 10u, 10)]
    public void WillOfALostGatewaysConnectionIsDueAsIfItHadEnded(uint expiry, uint delay, int due)
    {
        Attach(expiry: expiry, will: "w", delay: delay);
        Attach(expiry: 60, will: "other", gateway: Sample.B, key: "t/other");
        Table.Lifecycle.Lose(Sample.A, Now);
        Wait(due);

        Assert.Equal(["w"], DueWills());
        Assert.Equal(expiry > 0, Info.Exists);
    }

    [Fact]
    public void GatewayThatWasNotLostAfterAllCanStillCloseTheConnection()
    {
        var epoch = Attach(expiry: 60, will: "w", delay: 10).Epoch;
        Table.Lifecycle.Lose(Sample.A, Now);

        Assert.Equal(SessionResult.Fenced, Subscribe(epoch, "a"));
        Assert.Equal(SessionResult.Ok, Detach(epoch, Sample.Close(60, WillAction.Discard, [Sample.Pending("m")])));
        Wait(30);
        Assert.Empty(DueWills());
        Assert.Equal(["m"], Sample.Texts(Attach(expiry: 60).State?.Pending ?? []));
    }

    [Fact]
    public void GatewayThatWasNotLostAfterAllGetsItsSessionsBack()
    {
        var epoch = Attach(expiry: 60, will: "w", delay: 10).Epoch;
        Table.Lifecycle.Lose(Sample.A, Now);
        var entry = new ReattachEntry(Key, new SessionOwner(Sample.A, 100, epoch), 60, null, []);

        Assert.Empty(Table.Attachment.Reattach(new ReattachBatch(Sample.A, [entry])));
        Wait(1_000);
        Assert.Equal(epoch, Info.Owner?.Epoch);
        Assert.Empty(DueWills());
    }

    [Fact]
    public void RepeatedCloseChangesNothing()
    {
        var epoch = Attach(expiry: 60, will: "w", delay: 10).Epoch;
        Detach(epoch, Sample.Close(60, WillAction.Arm, [Sample.Pending("m")]));
        Wait(5);

        Assert.Equal(SessionResult.Ok, Detach(epoch, Sample.Close(60, WillAction.Arm, [Sample.Pending("m")])));
        Assert.Equal(1, Info.Queued);
        Wait(5);
        Assert.Equal(["w"], DueWills());
    }

    /// <summary>A will that a gateway got with the answer to a CONNECT: no other gateway gets it while the lease runs.</summary>
    private void IsDueUnlessCompleted(OpenReply reply)
    {
        var id = DueWill.IdOfWillSetOffBy(reply.Epoch);
        Wait(9.999);
        Assert.Empty(DueWills());
        Wait(0.001);
        Assert.Equal([id], Table.Wills.Available(10, 1_000).Select(work => work.Id));
        Table.Wills.Lease(Sample.A, Now, [id]);
        Table.Lifecycle.Lose(Sample.A, Now);
        Assert.Equal([id], Table.Wills.Available(10, 1_000).Select(work => work.Id));
        Table.Wills.Complete([id]);
        Wait(1_000);
        Assert.Empty(DueWills());
    }
}
