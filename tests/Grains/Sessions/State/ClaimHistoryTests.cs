using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.State;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.State;

public sealed class ClaimHistoryTests
{
    [Fact]
    public void LastThreeConnectionsAreRemembered()
    {
        var history = default(ClaimHistory);
        for (var connection = 1; connection <= 4; connection++)
        {
            history = history.With(new SessionOwner(Sample.A, connection, (ulong)connection));
        }

        Assert.Equal([false, true, true, true, false], Enumerable.Range(1, 5).Select(connection => history.Contains(Sample.A, connection)));
    }

    [Fact]
    public void ConnectionIsThatOfItsGateway()
    {
        var history = default(ClaimHistory).With(new SessionOwner(Sample.A, 1, 1));

        Assert.True(history.Contains(Sample.A, 1));
        Assert.False(history.Contains(Sample.B, 1));
    }
}
