using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Directory;
using Xunit;

namespace GrainMQ.Tests.Grains.Directory;

public sealed class DirectoryStateTests
{
    private const long Start = 1_000_000;
    private const long Lease = 10_000;

    private readonly DirectoryState _state = Begun();

    [Fact]
    public void ViewTellsMembersAndShards()
    {
        _state.Heartbeat(Beat(2), Start);
        _state.Heartbeat(Beat(1), Start);

        Assert.Equal([1, 2], Numbers(_state));
        Assert.Equal((3, 2), (_state.View.StoreShards, _state.View.RetainShards));
    }

    [Fact]
    public void ViewIdRisesWithEveryChangeAndOnlyThen()
    {
        Assert.True(_state.Heartbeat(Beat(1), Start));
        var joined = _state.View.ViewId;
        Assert.False(_state.Heartbeat(Beat(1, connections: 5), Start + 1_000));
        Assert.Equal((joined, 5), (_state.View.ViewId, Assert.Single(_state.View.Gateways).Connections));

        Assert.True(_state.Heartbeat(Beat(1, GatewayState.Ready), Start + 1_000));
        Assert.Equal(joined + 1, _state.View.ViewId);
        Assert.True(_state.Leave(new GatewayRef(1), Start + 1_000));
        Assert.Equal(joined + 2, _state.View.ViewId);
        Assert.Empty(_state.View.Gateways);
    }

    [Fact]
    public void SilentGatewayIsEvictedAfterItsLease()
    {
        _state.Heartbeat(Beat(1), Start + Lease);
        _state.Heartbeat(Beat(2), Start + Lease + 5_000);

        Assert.False(_state.Evict(Start + (2 * Lease) - 1));
        Assert.True(_state.Evict(Start + (2 * Lease)));
        Assert.Equal([2], Numbers(_state));
        _state.Heartbeat(Beat(1), Start + (2 * Lease));
        Assert.Equal([1, 2], Numbers(_state));
    }

    [Fact]
    public void BeatThatComesAfterTheLeaveIsIgnored()
    {
        _state.Heartbeat(Beat(1), Start);
        _state.Leave(new GatewayRef(1), Start);

        Assert.False(_state.Heartbeat(Beat(1), Start));
        Assert.Empty(_state.View.Gateways);
    }

    [Fact]
    public void EveryNumberIsAboveAllBefore()
    {
        var first = _state.Draw(isAlone: false);
        var second = _state.Draw(isAlone: false);
        Assert.True(second.Number > first.Number);

        Assert.True(Replayed(epoch: 2).Draw(isAlone: false).Number > second.Number); // the epoch of a clock that was set back
        Assert.True(Begun(epoch: second.Number + 1).Draw(isAlone: false).Number > second.Number); // nothing is stored, and the clock went on
    }

    [Fact]
    public void GatewayAboveTheLastNumberRaisesIt()
    {
        _state.Heartbeat(Beat(1_000), Start);
        Assert.Equal(1_001, _state.Draw(isAlone: false).Number);
    }

    [Fact]
    public void GatewayThatIsAloneEndsAllBefore()
    {
        _state.Heartbeat(Beat(1), Start);
        var alone = _state.Draw(isAlone: true);

        Assert.Equal(alone.Number, _state.View.Oldest);
        Assert.Empty(_state.View.Gateways);
        Assert.False(_state.Heartbeat(Beat(1), Start)); // it comes late
        Assert.True(_state.Heartbeat(new GatewayBeat(alone, "", GatewayState.Ready, 0), Start));
        Assert.Equal([alone.Number], Numbers(_state));
    }

    [Fact]
    public void NextActivationHasEveryMemberAndEvictsNoneForOneLease()
    {
        _state.Heartbeat(Beat(1, GatewayState.Ready), Start);
        _state.Draw(isAlone: false);
        var next = Replayed(epoch: 2, now: Start + 60_000);

        Assert.Equal([1], Numbers(next));
        Assert.True(next.View.ViewId >= _state.View.ViewId);
        Assert.False(next.Evict(Start + 60_000 + Lease - 1));
        Assert.True(next.Evict(Start + 60_000 + Lease));
        Assert.Empty(next.View.Gateways);
    }

    private static DirectoryState Begun(long epoch = 1, long now = Start)
    {
        var state = new DirectoryState(new GrainOptions { StoreShards = 3, RetainShards = 2 });
        state.Begin(epoch, now);
        return state;
    }

    private DirectoryState Replayed(long epoch, long now = Start)
    {
        var next = new DirectoryState(new GrainOptions());
        next.Apply(_state.RecordOf(Start));
        next.Begin(epoch, now);
        return next;
    }

    private static GatewayBeat Beat(long number, GatewayState state = GatewayState.Joining, int connections = 0) =>
        new(new GatewayRef(number), "gateway", state, connections);

    private static IEnumerable<long> Numbers(DirectoryState state) => state.View.Gateways.Select(beat => beat.Gateway.Number);
}
