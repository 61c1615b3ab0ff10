using GrainMQ.Grains.Sessions;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions;

public sealed class UnreadSessionsTests
{
    private readonly UnreadSessions _unread = new();

    [Fact]
    public void SessionIsNamedToItsGatewayAndAgainAfterAWhile() // an answer may be lost
    {
        _unread.Add(Sample.A, "t/1");

        Assert.Equal(["t/1"], _unread.TakeUntold(Sample.A, 0));
        Assert.Empty(_unread.TakeUntold(Sample.A, 9_999));
        Assert.Equal(["t/1"], _unread.TakeUntold(Sample.A, 10_000));
        Assert.Empty(_unread.TakeUntold(Sample.B, 10_000));
    }

    [Fact]
    public void SessionThatGetsMoreIsNamedAtOnce()
    {
        _unread.Add(Sample.A, "t/1");
        _unread.TakeUntold(Sample.A, 0);
        _unread.Add(Sample.A, "t/1");

        Assert.Equal(["t/1"], _unread.TakeUntold(Sample.A, 1));
    }

    [Fact]
    public void SessionThatIsReadIsNamedNoMore()
    {
        _unread.Add(Sample.A, "t/1");
        _unread.Add(Sample.A, "t/2");
        _unread.Forget(Sample.A, "t/1");
        _unread.Forget(Sample.B, "t/2");

        Assert.Equal(["t/2"], _unread.TakeUntold(Sample.A, 0));
    }

    [Fact]
    public void SessionsOfALostGatewayAreForgotten()
    {
        _unread.Add(Sample.A, "t/1");
        _unread.Add(Sample.B, "t/2");
        _unread.Forget(Sample.A);

        Assert.Empty(_unread.TakeUntold(Sample.A, 0));
        Assert.Equal(["t/2"], _unread.TakeUntold(Sample.B, 0));
    }
}
