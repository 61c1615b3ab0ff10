using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Directory;
using Xunit;

namespace GrainMQ.Tests.Grains.Directory;

public sealed class GatewayTableTests
{
    private const long Start = 1_000_000;
    private const long Lease = 10_000;

    private readonly GatewayTable _table = new(new GrainOptions { StoreShards = 3, RetainShards = 2 }, Start);

    [Fact]
    public void ViewTellsMembersAndShards()
    {
        var view = _table.Heartbeat(Beat("b"), Start);
        view = _table.Heartbeat(Beat("a"), Start);

        Assert.Equal(["a", "b"], Ids(view));
        Assert.Equal((3, 2), (view.StoreShards, view.RetainShards));
    }

    [Fact]
    public void ViewIdRisesWithEveryChangeAndOnlyThen()
    {
        var joined = _table.Heartbeat(Beat("a"), Start);
        var same = _table.Heartbeat(Beat("a", connections: 5), Start + 1_000);
        var ready = _table.Heartbeat(Beat("a", state: GatewayState.Ready), Start + 1_000);
        var left = _table.Leave(new GatewayRef("a", 1), Start + 1_000);

        Assert.Equal(joined.ViewId, same.ViewId);
        Assert.Equal(5, Assert.Single(same.Gateways).Connections);
        Assert.True(ready.ViewId > same.ViewId);
        Assert.True(left.ViewId > ready.ViewId);
        Assert.Empty(left.Gateways);
    }

    [Fact]
    public void ViewIdGoesOnAboveTheTableBefore()
    {
        var view = _table.Heartbeat(Beat("a"), Start);
        for (var i = 2; i < 20; i++)
        {
            view = _table.Heartbeat(Beat("a", incarnation: i), Start + (i * 100));
        }

        var next = new GatewayTable(new GrainOptions(), Start + 2_000);

        Assert.True(next.View(Start + 2_000).ViewId >= view.ViewId);
        Assert.True(next.Heartbeat(Beat("a", incarnation: 20), Start + 2_000).ViewId > view.ViewId);
    }

    [Fact]
    public void SilentGatewayIsEvictedAfterItsLease()
    {
        _table.Heartbeat(Beat("a"), Start + Lease);
        _table.Heartbeat(Beat("b"), Start + Lease + 5_000);

        Assert.Equal(["a", "b"], Ids(_table.View(Start + (2 * Lease) - 1)));
        Assert.Equal(["b"], Ids(_table.View(Start + (2 * Lease))));
        Assert.Equal(["a", "b"], Ids(_table.Heartbeat(Beat("a"), Start + (2 * Lease))));
    }

    [Fact]
    public void NobodyIsEvictedDuringTheFirstLease()
    {
        var table = new GatewayTable(new GrainOptions(), Start);
        table.Heartbeat(Beat("a"), Start - Lease); // as if the clock had been set

        Assert.Equal(["a"], Ids(table.View(Start + Lease - 1)));
        Assert.Empty(Ids(table.View(Start + Lease)));
    }

    [Fact]
    public void OlderIncarnationIsReplacedAndItsBeatsIgnored()
    {
        _table.Heartbeat(Beat("a", incarnation: 1), Start);
        _table.Heartbeat(Beat("a", incarnation: 2), Start);

        Assert.Equal(2, Assert.Single(_table.Heartbeat(Beat("a", incarnation: 1), Start).Gateways).Gateway.Incarnation);
        Assert.Single(_table.Leave(new GatewayRef("a", 1), Start).Gateways);
    }

    [Fact]
    public void BeatThatComesAfterTheLeaveIsIgnored()
    {
        _table.Heartbeat(Beat("a"), Start);
        _table.Leave(new GatewayRef("a", 1), Start);

        Assert.Empty(_table.Heartbeat(Beat("a"), Start).Gateways);
        Assert.Single(_table.Heartbeat(Beat("a", incarnation: 2), Start).Gateways);
    }

    private static GatewayBeat Beat(string id, long incarnation = 1, GatewayState state = GatewayState.Joining, int connections = 0) =>
        new(new GatewayRef(id, incarnation), $"{id}:1883", state, connections);

    private static IEnumerable<string> Ids(ClusterView view) => view.Gateways.Select(beat => beat.Gateway.Id);
}
