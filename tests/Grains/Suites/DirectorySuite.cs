using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Grains.Suites;

public abstract class DirectorySuite : GrainSuite
{
    private IDirectoryGrain Directory => Cluster.Client.GetGrain<IDirectoryGrain>(0L);

    [Fact]
    public async Task GatewaysAreMembersForAsLongAsTheyBeat()
    {
        await Directory.HeartbeatAsync(Beat(Sample.A));
        await Directory.HeartbeatAsync(Beat(Sample.B));
        for (var second = 0; second < 12; second++)
        {
            await Directory.HeartbeatAsync(Beat(Sample.A));
            Advance(1);
        }
        Assert.Equal([Sample.A], Members(await Directory.GetViewAsync()));
        Assert.Empty(Members(await Directory.LeaveAsync(Sample.A)));
    }

    [Fact]
    public async Task DirectoryThatWasLostEvictsNobodyForOneLease()
    {
        var before = await Directory.HeartbeatAsync(Beat(Sample.A));
        KillEverything();
        Advance(1);
        var after = await Directory.HeartbeatAsync(Beat(Sample.A));
        Advance(9.999);

        Assert.True(after.ViewId > before.ViewId);
        Assert.Equal([Sample.A], Members(await Directory.GetViewAsync()));
        Advance(0.001);
        Assert.Empty(Members(await Directory.GetViewAsync()));
    }

    private static GatewayBeat Beat(GatewayRef gateway) => new(gateway, "127.0.0.1:1883", GatewayState.Ready, 0);

    private static IEnumerable<GatewayRef> Members(ClusterView view) => view.Gateways.Select(beat => beat.Gateway);
}
