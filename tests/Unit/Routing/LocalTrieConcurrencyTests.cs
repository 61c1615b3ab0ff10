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
        Reader[] readers = [new(trie, present, "a/b/c", failures, stop.Token), new(trie, present, "x/y", failures, stop.Token)];

        var random = new Random(7);
        string[] levels = ["a", "b", "c", "x", "y", "+", "long-level-of-many-bytes"];
        for (var round = 0; round < Rounds || !Array.TrueForAll(readers, reader => reader.HasReadEnough); round++)
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
        Array.ForEach(readers, reader => reader.Join());

        Assert.Empty(failures);
    }

    [Fact]
    public void GrowthAndRebuildHideNothing()
    {
        var trie = new LocalTrie<string>();
        trie.Add("devices/0/cmd/#");
        var failures = new List<string>();
        using var stop = new CancellationTokenSource();
        var reader = new Reader(trie, ["devices/0/cmd/#"], "devices/0/cmd/x", failures, stop.Token);
        for (var round = 0; round < 3 || !reader.HasReadEnough; round++)
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

    /// <summary>A thread that matches one topic again and again: every present filter exactly once, and nothing that does not match.</summary>
    private sealed class Reader
    {
        /// <summary>The writer goes on until a reader has matched so often beside it: on a busy machine it may start late.</summary>
        private const int Enough = 1_000;

        private readonly Thread _thread;
        private int _matches;

        public Reader(LocalTrie<string> trie, string[] present, string topic, List<string> failures, CancellationToken stop)
        {
            _thread = new Thread(() => Read(trie, present, topic, failures, stop));
            _thread.Start();
        }

        public bool HasReadEnough => Volatile.Read(ref _matches) >= Enough;

        public void Join()
        {
            _thread.Join();
            Assert.True(HasReadEnough);
        }

        private void Read(LocalTrie<string> trie, string[] present, string topic, List<string> failures, CancellationToken stop)
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

                Interlocked.Add(ref _matches, found.Length > 0 ? 1 : 0);
            }
        }
    }
}
