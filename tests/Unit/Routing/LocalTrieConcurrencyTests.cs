using System.Text;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using Xunit;

namespace GrainMQ.Tests.Unit.Routing;

public sealed class LocalTrieConcurrencyTests
{
    private const int Rounds = 30_000;

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(3u)] // chains of several filters
    public void AFilterThatIsPresentThroughoutIsNeverMissed(uint hashMask)
    {
        var trie = new LocalTrie<string>(hashMask);
        string[] present = ["#", "a/#", "a/+/c", "a/b/c", "+/b/#", "x/y"];
        foreach (var filter in present)
        {
            trie.Add(filter);
        }

        var failures = new List<string>();
        using var stop = new CancellationTokenSource();
        Thread[] readers = [Reader(trie, present, "a/b/c", failures, stop.Token), Reader(trie, present, "x/y", failures, stop.Token)];
        foreach (var reader in readers)
        {
            reader.Start();
        }

        var random = new Random(7);
        string[] levels = ["a", "b", "c", "x", "y", "+", "long-level-of-many-bytes"];
        for (var round = 0; round < Rounds; round++)
        {
            var filter = string.Join('/', random.GetItems(levels, random.Next(1, 5))) + (random.Next(3) == 0 ? "/#" : "");
            if (present.Contains(filter))
            {
                continue;
            }

            if (random.Next(2) == 0)
            {
                trie.Add(filter);
            }
            else
            {
                trie.Remove(filter);
            }
        }

        stop.Cancel();
        foreach (var reader in readers)
        {
            reader.Join();
        }

        Assert.Empty(failures);
    }

    [Fact]
    public void GrowthAndRebuildHideNothing()
    {
        var trie = new LocalTrie<string>();
        trie.Add("devices/0/cmd/#");
        var failures = new List<string>();
        using var stop = new CancellationTokenSource();
        var reader = Reader(trie, ["devices/0/cmd/#"], "devices/0/cmd/x", failures, stop.Token);
        reader.Start();
        for (var round = 0; round < 3; round++)
        {
            for (var i = 1; i < Rounds * 2; i++)
            {
                trie.Add($"devices/{i}/cmd/#");
            }

            for (var i = 1; i < Rounds * 2; i++)
            {
                Assert.True(trie.Remove($"devices/{i}/cmd/#"));
            }
        }

        stop.Cancel();
        reader.Join();
        Assert.Empty(failures);
    }

    /// <summary>Matches one topic over and over: every present filter exactly once, and nothing that does not match.</summary>
    private static Thread Reader(LocalTrie<string> trie, string[] present, string topic, List<string> failures, CancellationToken stop) => new(() =>
    {
        var expected = present.Where(filter => TopicFilter.Matches(filter, topic)).ToList();
        var bytes = Encoding.UTF8.GetBytes(topic);
        var matches = default(MatchList<string>);
        while (!stop.IsCancellationRequested)
        {
            matches.Clear();
            trie.Match(bytes, ref matches);
            var found = matches.AsSpan().ToArray();
            var wrong = found.Where(filter => !TopicFilter.Matches(filter, topic));
            var missing = expected.Where(filter => found.Count(other => other == filter) != 1);
            var notFound = expected.Where(filter => trie.Find(filter) is null);
            lock (failures)
            {
                failures.AddRange([.. wrong, .. missing, .. notFound]);
            }
        }
    });
}
