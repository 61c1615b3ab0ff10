using GrainMQ.Gateway.Routing;
using Xunit;

namespace GrainMQ.Tests.Unit.Routing;

public sealed class RouteJournalTests
{
    private static readonly RouteKey Plain = new("a/#");
    private static readonly RouteKey Shared = new("a/#", "s");

    [Fact]
    public void OnlyTheFirstAndTheLastReferenceAreNews()
    {
        var journal = new RouteJournal();
        Assert.Equal(1, journal.Add(Plain));
        Assert.Equal(1, journal.Add(Plain));
        Assert.Equal(1, journal.Remove(Plain, out _));
        Assert.Equal(2, journal.Remove(Plain, out var known));
        Assert.True(known);
        Assert.Equal(2, journal.Remove(Plain, out known));
        Assert.False(known);

        Assert.Equal([new(Plain, 1), new(Plain, 0)], journal.Since(0)!.Changes);
        Assert.Empty(journal.Snapshot().Rows);
    }

    [Fact]
    public void EveryMemberOfAShareChangesItsWeight()
    {
        var journal = new RouteJournal();
        journal.Add(Shared);
        journal.Add(Shared);
        journal.Remove(Shared, out _);
        journal.Add(Plain);

        Assert.Equal([new(Shared, 1), new(Shared, 2), new(Shared, 1), new(Plain, 1)], journal.Since(0)!.Changes);
        Assert.Equal([new(Shared, 1), new(Plain, 1)], journal.Snapshot().Rows);
        Assert.Equal(4, journal.Snapshot().Version);
    }

    [Fact]
    public void WhoIsTooFarBehindTakesASnapshot()
    {
        var journal = new RouteJournal(keep: 10);
        for (var i = 0; i < 100; i++)
        {
            journal.Add(new RouteKey($"{i}"));
        }

        Assert.Null(journal.Since(0));
        Assert.Null(journal.Since(101)); // a version of another journal
        Assert.Empty(journal.Since(100)!.Changes);
        var latest = journal.Since(92, limit: 3)!;
        Assert.Equal((93, 95), (latest.FirstVersion, latest.LastVersion));
        Assert.Equal(["92", "93", "94"], latest.Changes.Select(change => change.Key.Filter));
    }
}
