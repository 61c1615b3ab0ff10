using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Grains.Suites;

public abstract class WillSuite : GrainSuite
{
    [Fact]
    public async Task DueWillWakesAHangingPoll()
    {
        var poll = await Store.PollAsync(Sample.Poll());
        var hanging = (await HangAsync(Sample.Poll(last: poll, wait: 10_000)))[0];
        await CloseWithWillAsync(expiry: 60, delay: 4); // without subscriptions: no other news
        var closed = Time.GetUtcNow();
        await AdvanceUntilAsync(hanging, atMost: 9);

        Assert.InRange((Time.GetUtcNow() - closed).TotalSeconds, 4, 4.5);
        Assert.Equal(["will"], Sample.Texts((await hanging).Work));
    }

    [Fact]
    public async Task WillOfASessionThatEndsWithItsConnectionIsDueAtOnce()
    {
        await CloseWithWillAsync(expiry: 0, delay: 100);
        Assert.Equal(["will"], Sample.Texts((await Store.PollAsync(Sample.Poll())).Work));
    }

    [Fact]
    public async Task WillIsLeasedToOneGatewayUntilItCompletesIt()
    {
        await CloseWithWillAsync(expiry: 60, delay: 0);
        var a = await Store.PollAsync(Sample.Poll(Sample.A));
        var b = await Store.PollAsync(Sample.Poll(Sample.B));

        Assert.Single(a.Work);
        Assert.Empty(b.Work);
        Advance(9.999);
        Assert.Empty((await Store.PollAsync(Sample.Poll(Sample.B, b))).Work);
        Advance(0.001);
        var again = await Store.PollAsync(Sample.Poll(Sample.B, b));
        Assert.Equal(a.Work[0].Id, Assert.Single(again.Work).Id);
        await Store.PollAsync(Sample.Poll(Sample.B, again, completed: [again.Work[0].Id]));
        Advance(9);
        Advance(9);
        Assert.Empty((await Store.PollAsync(Sample.Poll(Sample.A, a))).Work);
    }

    [Fact]
    public async Task LeasesAndWillsSurviveTheLossOfTheShard()
    {
        await CloseWithWillAsync(expiry: 60, delay: 5);
        KillEverything();
        Advance(5);
        var first = await Store.PollAsync(Sample.Poll(Sample.A));
        KillEverything();
        var other = await Store.PollAsync(Sample.Poll(Sample.B));
        await Store.PollAsync(Sample.Poll(Sample.A, first, completed: [first.Work[0].Id]));
        KillEverything();
        Advance(10);

        Assert.Equal(["will"], Sample.Texts(first.Work));
        Assert.Empty(other.Work);
        Assert.Empty((await Store.PollAsync(Sample.Poll(Sample.B))).Work);
    }

    [Fact]
    public async Task WillThatATakeoverSetsOffSurvivesTheLossOfTheShard()
    {
        await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 60, will: "will"));
        var reply = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 2, expiry: 60));
        KillEverything();
        var restarted = new GatewayRef(9);

        Assert.Equal("will", Sample.Text(reply.DueWill ?? []));
        Assert.Equal(["will"], Sample.Texts((await Store.PollAsync(Sample.Poll(restarted, live: [restarted], oldest: restarted.Number))).Work));
    }

    [Fact]
    public async Task WillThatATakeoverSetsOffIsNotWorkOnceItsGatewayHasPublishedIt()
    {
        await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 60, will: "will"));
        var reply = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 2, expiry: 60));
        Assert.Equal(SessionResult.Ok, await Store.CompleteWillsAsync(new PublishedWills([DueWill.IdOfWillSetOffBy(reply.Epoch)])));
        Assert.Equal(SessionResult.Ok, await Store.CompleteWillsAsync(new PublishedWills([DueWill.IdOfWillSetOffBy(reply.Epoch)])));
        KillEverything();
        Advance(10);

        Assert.Empty((await Store.PollAsync(Sample.Poll())).Work);
    }

    [Fact]
    public async Task SessionsOfASilentGatewayAreDisconnected()
    {
        await Store.AttachAsync(Sample.Key, Sample.Open(Sample.B, 1, expiry: 60, will: "will", delay: 5));
        var poll = await Store.PollAsync(Sample.Poll(live: [Sample.A, Sample.B]));
        for (var second = 0; second < 15; second++)
        {
            poll = await Store.PollAsync(Sample.Poll(last: poll, live: [Sample.A]));
            Assert.NotNull((await Session().GetInfoAsync()).Owner); // its view may be older than the gateway
            Advance(1);
        }
        poll = await Store.PollAsync(Sample.Poll(last: poll, live: [Sample.A]));

        Assert.Null((await Session().GetInfoAsync()).Owner);
        Assert.Empty(poll.Work);
        Advance(5);
        Assert.Equal(["will"], Sample.Texts((await Store.PollAsync(Sample.Poll(last: poll, live: [Sample.A]))).Work));
    }

    [Fact]
    public async Task SilenceEndsAPollThatHangs()
    {
        await Store.AttachAsync(Sample.Key, Sample.Open(Sample.B, 1, will: "will"));
        Advance(10);
        var poll = await Store.PollAsync(Sample.Poll(live: [Sample.A]));
        var hanging = (await HangAsync(Sample.Poll(last: poll, live: [Sample.A], wait: 10_000)))[0];
        Advance(5);

        Assert.Equal(["will"], Sample.Texts((await hanging).Work));
    }

    [Fact]
    public async Task RestartedGatewayEndsItsOldConnectionsAtOnce()
    {
        await Store.AttachAsync(Sample.Key, Sample.Open(Sample.B, 1, will: "will"));
        var restarted = new GatewayRef(9);

        Assert.Equal(["will"], Sample.Texts((await Store.PollAsync(Sample.Poll(restarted, live: [restarted], oldest: restarted.Number))).Work));
    }

    private async Task CloseWithWillAsync(uint expiry, uint delay)
    {
        var reply = await Store.AttachAsync(Sample.Key, Sample.Open(expiry: expiry, will: "will", delay: delay));
        Assert.Equal(SessionResult.Ok, await Store.DetachAsync(Sample.Key, reply.Epoch, Sample.Close(expiry, WillAction.Arm)));
    }
}
