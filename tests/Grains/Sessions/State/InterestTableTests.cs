using GrainMQ.Grains.Sessions.State;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.State;

public sealed class InterestTableTests
{
    [Fact]
    public void NewsIsWhatChangedSinceAVersion()
    {
        var log = new InterestTable();
        log.Set("a", 1, [Sample.Subscription("x")]);
        var version = log.Version;
        log.Set("b", 2, [Sample.Subscription("y")]);
        log.End("a", 3);

        Assert.True(log.TryGetSince(version, out var news));
        Assert.Equal(["a", "b"], news.Select(delta => delta.Key).Order());
        Assert.Null(news.Single(delta => delta.Key == "a").Subscriptions);
        Assert.True(log.TryGetSince(log.Version, out var none));
        Assert.Empty(none);
        Assert.Equal("b", Assert.Single(log.Snapshot()).Key);
    }

    [Fact]
    public void KeyThatChangedOftenIsToldOnce()
    {
        var log = new InterestTable();
        for (var epoch = 1UL; epoch < 10; epoch++)
        {
            log.Set("a", epoch, [Sample.Subscription("x")]);
        }

        Assert.True(log.TryGetSince(0, out var news));
        Assert.Equal(9UL, Assert.Single(news).Epoch);
    }

    [Fact]
    public void EndOfAnUnknownKeyIsNoNews()
    {
        var log = new InterestTable();
        log.End("a", 1);
        Assert.Equal(0, log.Version);
    }

    [Fact]
    public void PollerBehindWhatIsRememberedNeedsASnapshot()
    {
        var log = new InterestTable(leastRemembered: 2);
        foreach (var key in (string[])["a", "b", "c"])
        {
            log.Set(key, 1, [Sample.Subscription("x")]);
            log.End(key, 2);
        }

        Assert.False(log.TryGetSince(0, out _));
        Assert.False(log.TryGetSince(1, out _));
        Assert.True(log.TryGetSince(2, out var news)); // the end of "a" had version 2
        Assert.Equal(["b", "c"], news.Select(delta => delta.Key).Order());
        Assert.False(log.TryGetSince(log.Version + 1, out _));
    }

    [Fact]
    public void FollowerHasTheTableWhateverHappens()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            AssertFollows(new Random(seed));
        }
    }

    private static void AssertFollows(Random random)
    {
        var log = new InterestTable(leastRemembered: 5);
        var (truth, follower, version) = (new Dictionary<string, ulong>(), new Dictionary<string, ulong>(), -1L);
        for (var epoch = 1UL; epoch < 300; epoch++)
        {
            var key = $"{random.Next(20)}";
            if (random.Next(2) == 0)
            {
                log.Set(key, epoch, [Sample.Subscription("x")]);
                truth[key] = epoch;
            }
            else
            {
                log.End(key, epoch);
                truth.Remove(key);
            }
            if (random.Next(8) == 0)
            {
                version = Follow(log, version, follower);
            }
        }
        Follow(log, version, follower);
        Assert.Equal(truth.OrderBy(pair => pair.Key), follower.OrderBy(pair => pair.Key));
    }

    private static long Follow(InterestTable log, long version, Dictionary<string, ulong> follower)
    {
        if (!log.TryGetSince(version, out var deltas))
        {
            follower.Clear();
            deltas = log.Snapshot();
        }
        foreach (var delta in deltas)
        {
            if (delta.Subscriptions is null)
            {
                follower.Remove(delta.Key);
            }
            else
            {
                follower[delta.Key] = delta.Epoch;
            }
        }

        return log.Version;
    }
}
