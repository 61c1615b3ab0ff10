using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.State;

public sealed class SessionExpiryTests : StoreShardStateTests
{
    [Fact]
    public void SessionEndsWhenItsExpiryPassesWithoutAConnection()
    {
        var epoch = Attach(expiry: 60).Epoch;
        Wait(1_000); // attached: no clock runs
        Detach(epoch, Sample.Close(60));
        Wait(59.999);
        Assert.True(Info.Exists);
        Wait(0.001);

        Assert.False(Info.Exists);
        Assert.Equal(long.MaxValue, Table.Lifecycle.NextDue);
        Assert.False(Attach(expiry: 60).SessionPresent);
    }

    [Fact]
    public void EveryConnectionStartsTheExpiryAnew()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60));
        Wait(50);
        Detach(Attach(expiry: 60).Epoch, Sample.Close(60));
        Wait(50);
        Assert.True(Info.Exists);
        Wait(10);
        Assert.False(Info.Exists);
    }

    [Fact]
    public void LargestExpiryNeverEnds()
    {
        Detach(Attach(expiry: uint.MaxValue).Epoch, Sample.Close(uint.MaxValue));
        Wait(10_000_000_000);
        Assert.True(Info.Exists);
    }

    [Theory]
    [InlineData(60u, 5u, 5u)]
    [InlineData(60u, 500u, 500u)]
    public void DisconnectMayChangeTheExpiry(uint opened, uint closed, uint expected)
    {
        Detach(Attach(expiry: opened).Epoch, Sample.Close(closed));
        Assert.Equal(expected, Info.ExpirySeconds);
        Wait(expected - 0.001);
        Assert.True(Info.Exists);
        Wait(0.001);
        Assert.False(Info.Exists);
    }

    [Fact]
    public void SessionThatEndsWithItsConnectionCannotBeProlonged()
    {
        Detach(Attach(expiry: 0).Epoch, Sample.Close(60));
        Assert.False(Info.Exists);
    }

    [Fact]
    public void DisconnectWithExpiryZeroEndsTheSession()
    {
        Detach(Attach(expiry: 60).Epoch, Sample.Close(0, pending: [Sample.Pending("m")]));
        Assert.False(Info.Exists);
        Assert.Equal(0, Table.Queues.TotalMessages);
    }

    [Fact]
    public void InterestFollowsTheDetachedSession()
    {
        var epoch = Attach(expiry: 60).Epoch;
        Subscribe(epoch, "a");
        Assert.Empty(Table.Interest.Snapshot()); // attached: its gateway routes to it
        Detach(epoch, Sample.Close(60));
        Assert.Equal("a", Assert.Single(Assert.Single(Table.Interest.Snapshot()).Subscriptions ?? []).Filter);
        var again = Attach(expiry: 60).Epoch;
        Assert.Empty(Table.Interest.Snapshot());
        Detach(again, Sample.Close(60));
        Wait(60);
        Assert.Empty(Table.Interest.Snapshot());
        Assert.Equal(4, Table.Interest.Version);
    }
}
