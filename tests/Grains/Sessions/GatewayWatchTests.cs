using GrainMQ.Grains.Sessions;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions;

public sealed class GatewayWatchTests
{
    private readonly GatewayWatch _watch = new(silenceMilliseconds: 15_000) { Since = 1_000 };

    [Fact]
    public void NobodyIsLostBeforeTheFirstView() => Assert.Null(_watch.LostAt(Sample.B));

    [Fact]
    public void GatewayInTheViewIsNotLost()
    {
        _watch.Seen([Sample.A, Sample.B], oldest: 0);
        Assert.Null(_watch.LostAt(Sample.B));
    }

    [Fact]
    public void AbsentGatewayIsLostAfterItsSilence()
    {
        _watch.Seen([Sample.A], oldest: 0);
        Assert.Equal(16_000, _watch.LostAt(Sample.B)); // never heard: since the watch began
        _watch.Heard(Sample.B, 20_000); // younger than the view, or the view is wrong: it talks, so it lives
        Assert.Equal(35_000, _watch.LostAt(Sample.B));
    }

    [Fact]
    public void GatewayBelowTheOldestIsLostAtOnce()
    {
        _watch.Heard(Sample.A, 2_000);
        _watch.Seen([Sample.B], oldest: Sample.B.Number);
        Assert.Equal(long.MinValue, _watch.LostAt(Sample.A));
        _watch.Heard(Sample.A, 3_000); // a call that came late
        Assert.Equal(long.MinValue, _watch.LostAt(Sample.A));
        Assert.Null(_watch.LostAt(Sample.B));
    }

    [Fact]
    public void ViewFromBeforeTheOldestIsNotTaken()
    {
        _watch.Seen([Sample.B], oldest: Sample.B.Number);
        _watch.Seen([Sample.A], oldest: 0);
        Assert.Equal(long.MinValue, _watch.LostAt(Sample.A));
        Assert.Null(_watch.LostAt(Sample.B));
    }

    [Fact]
    public void VersionIsAckedWhenEveryGatewayOfTheViewHasIt()
    {
        Assert.True(_watch.AllAcked(1));
        _watch.Heard(Sample.A, 0);
        Assert.False(_watch.AllAcked(1));
        _watch.Acked(Sample.A, 2);
        Assert.True(_watch.AllAcked(1));
        _watch.Seen([Sample.A, Sample.B], oldest: 0);
        Assert.False(_watch.AllAcked(1));
        _watch.Heard(Sample.B, 0);
        _watch.Acked(Sample.B, 1);
        Assert.True(_watch.AllAcked(1));
        Assert.False(_watch.AllAcked(2));
    }
}
