using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Grains.Suites;

public abstract class PresetSuite : GrainSuite
{
    private static readonly PresetRequest Request = new([Sample.Subscription("a")], 600);

    [Fact]
    public async Task PresetIsDoneWhenEveryGatewayRoutesToIt()
    {
        GatewayRef[] live = [Sample.A, Sample.B];
        var (a, b) = (await Store.PollAsync(Sample.Poll(Sample.A, live: live)), await Store.PollAsync(Sample.Poll(Sample.B, live: live)));
        var preset = Session().PresetAsync(Request);
        a = await PollUntilKnownAsync(Sample.A, a);
        b = await PollUntilKnownAsync(Sample.B, b);
        await Store.PollAsync(Sample.Poll(Sample.A, a));
        Assert.False(preset.IsCompleted); // b was told, but has not said that it applied it
        await Store.PollAsync(Sample.Poll(Sample.B, b));

        Assert.Equal(SessionResult.Ok, await preset);
    }

    [Fact]
    public async Task PresetIsBusyWhenAGatewayDoesNotAnswer()
    {
        await Store.PollAsync(Sample.Poll(live: [Sample.A]));
        var armed = Time.ArmedTimers;
        var preset = Store.PresetAsync(Sample.Key, Request);
        await EventuallyAsync(() => Time.ArmedTimers > armed);
        Advance(5);

        Assert.Equal(SessionResult.Busy, await preset);
        Assert.True((await Session().GetInfoAsync()).Exists);
    }

    [Fact]
    public async Task PresetWithoutGatewaysIsDoneAtOnce()
    {
        Assert.Equal(SessionResult.Ok, await Session().PresetAsync(Request));
        await Store.QueueAsync(Sample.Batch(1, "m"));
        KillEverything();
        var reply = await Store.AttachAsync(Sample.Key, Sample.Open(expiry: 60));

        Assert.True(reply.SessionPresent);
        Assert.Equal(["m"], Sample.Texts(reply.State?.Pending ?? []));
    }

    private async Task<StorePollReply> PollUntilKnownAsync(GatewayRef gateway, StorePollReply last)
    {
        var reply = await Store.PollAsync(Sample.Poll(gateway, last, wait: 10_000));
        Assert.Equal(Sample.Key, Assert.Single(reply.Deltas).Key);
        return reply;
    }
}
