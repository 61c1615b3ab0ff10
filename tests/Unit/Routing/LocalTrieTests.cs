using System.Text;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using Xunit;

namespace GrainMQ.Tests.Unit.Routing;

public sealed class LocalTrieTests
{
    [Theory]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "a/B", false)] // case-sensitive [MQTT 4.7.3]
    [InlineData("a/#", "a", true)] // the parent level [MQTT-4.7.1-1]
    [InlineData("a/#", "a/", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("a/#", "ab", false)]
    [InlineData("#", "a/b", true)]
    [InlineData("#", "/", true)]
    [InlineData("#", "$SYS/x", false)] // [MQTT-4.7.2-1]
    [InlineData("+/x", "$SYS/x", false)] // [MQTT-4.7.2-1]
    [InlineData("+/#", "$SYS", false)] // [MQTT-4.7.2-1]
    [InlineData("$SYS/#", "$SYS", true)]
    [InlineData("$SYS/+", "$SYS/x", true)]
    [InlineData("a/+", "a/$x", true)]
    [InlineData("+", "a", true)]
    [InlineData("+", "/a", false)]
    [InlineData("/+", "/a", true)]
    [InlineData("+/+", "/a", true)]
    [InlineData("+/+", "/", true)]
    [InlineData("a/+", "a", false)]
    [InlineData("a/+", "a/", true)]
    [InlineData("a/+/c", "a//c", true)]
    [InlineData("a//c", "a/c", false)]
    [InlineData("a/+/#", "a", false)]
    [InlineData("a/+/#", "a/b", true)]
    [InlineData("ä/+", "ä/ö", true)]
    public void MatchesByTheRulesOfTheSpecification(string filter, string topic, bool expected)
    {
        var trie = new LocalTrie<string>();
        trie.Add(filter);

        Assert.Equal(expected ? [filter] : [], Match(trie, topic));
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(1u)] // nearly every level collides with every other
    [InlineData(7u)]
    public void AgreesWithTheReferenceWhateverIsAddedAndRemoved(uint hashMask)
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var topics = new RandomTopics(seed);
            var trie = new LocalTrie<string>(hashMask);
            var present = new HashSet<string>();
            for (var step = 0; step < 600; step++)
            {
                var filter = topics.Filter();
                if (topics.Random.Next(3) == 0)
                {
                    Assert.Equal(present.Remove(filter), trie.Remove(filter));
                }
                else
                {
                    Assert.Equal(present.Add(filter), trie.Add(filter));
                }

                Assert.Equal(present.Count, trie.Count);
                if (step % 20 == 0)
                {
                    AssertAgrees(trie, present, topics);
                }
            }

            Assert.Equal(present.Order(), present.Select(trie.Find).Order());
            foreach (var filter in present.ToList())
            {
                Assert.True(trie.Remove(filter));
            }

            present.Clear();
            AssertAgrees(trie, present, topics);
        }
    }

    [Fact]
    public void FindsExactlyTheFilterThatWasAdded()
    {
        var trie = new LocalTrie<string>(hashMask: 0);
        string[] filters = ["a", "a/#", "#", "b", "+", "a/b", "b/#"];
        foreach (var filter in filters)
        {
            trie.Add(filter);
        }

        Assert.All(filters, filter => Assert.Equal(filter, trie.Find(filter)));
        Assert.Null(trie.Find("c"));
        Assert.Null(trie.Find("a/c"));
        Assert.Null(trie.Find("+/#"));
    }

    [Fact]
    public void AValueIsReplacedInOneStepAndKnowsItsFilter()
    {
        var trie = new LocalTrie<string>();
        var place = default(FilterText);
        Assert.Equal("one", trie.Update("a/+", "one", (current, text, next) =>
        {
            Assert.Null(current);
            place = text;
            return next;
        }));
        Assert.Equal("two", trie.Update("a/+", "two", (current, text, next) =>
        {
            Assert.Equal(("one", place), (current, text));
            return next;
        }));

        Assert.Equal("two", trie.Find("a/+"));
        Assert.Equal(["two"], Match(trie, "a/b"));
        Assert.Equal("a/+", trie.TextOf(place));
        Assert.Equal(1, trie.Count);
    }

    [Fact]
    public void TextsStayWhereTheyAreWhenTheTrieShrinks()
    {
        var trie = new LocalTrie<string>();
        var place = default(FilterText);
        for (var i = 0; i < 40_000; i++)
        {
            trie.Add($"devices/{i}");
        }

        trie.Update("keep/+", "kept", (_, text, next) =>
        {
            place = text;
            return next;
        });
        var peak = trie.SizeInBytes;
        for (var i = 0; i < 40_000; i++)
        {
            trie.Remove($"devices/{i}");
        }

        for (var i = 0; i < 1_000; i++)
        {
            trie.Add($"others/{i}");
        }

        Assert.True(trie.SizeInBytes < peak);
        Assert.Equal("keep/+", trie.TextOf(place));
        Assert.Equal(["kept"], Match(trie, "keep/x"));
    }

    [Fact]
    public void RemovedFiltersDoNotKeepTheirMemory()
    {
        var trie = new LocalTrie<string>();
        long peak = 0;
        for (var round = 0; round < 8; round++)
        {
            for (var i = 0; i < 50_000; i++)
            {
                trie.Add($"devices/{round}-{i}/cmd/#");
            }

            if (round == 0)
            {
                peak = trie.SizeInBytes;
            }

            Assert.True(trie.SizeInBytes <= peak * 2, $"{trie.SizeInBytes} bytes after round {round}, {peak} after the first");
            for (var i = 0; i < 50_000; i++)
            {
                Assert.True(trie.Remove($"devices/{round}-{i}/cmd/#"));
            }
        }

        Assert.True(trie.SizeInBytes < peak / 2, $"{trie.SizeInBytes} bytes when empty, {peak} at the peak");
        Assert.Equal(0, trie.Count);
    }

    [Fact]
    public void TheLongestTopicMeetsHostileFiltersInReasonableTime()
    {
        var trie = new LocalTrie<string>();
        var deepest = string.Join('/', Enumerable.Repeat("+", 32_768));
        trie.Add(deepest);
        trie.Add(deepest[..^1] + "#");
        trie.Add(new string('/', 65_535));

        // Every mix of "+" and an empty level: 2^12 nodes alive, and no more is ever visited.
        for (var mix = 0; mix < 4096; mix++)
        {
            trie.Add(string.Join('/', Enumerable.Range(0, 12).Select(bit => (mix >> bit & 1) == 0 ? "+" : "")) + "/#");
        }

        Assert.Equal(4096 + 2, Match(trie, new string('/', 65_535)).Count);
        Assert.Equal(4096 + 2, Match(trie, new string('/', 32_767)).Count);
    }

    [Fact]
    public void MatchingAllocatesNothingOnceWarm()
    {
        var trie = new LocalTrie<string>();
        for (var i = 0; i < 100; i++)
        {
            trie.Add($"a/{i}/+/#");
        }

        foreach (var filter in (string[])["#", "+/+/c", "a/7/c/d"])
        {
            trie.Add(filter);
        }

        var matches = default(MatchList<string>);
        trie.Match("a/7/c/d"u8, ref matches);
        Assert.Equal(3, matches.Count);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            matches.Clear();
            trie.Match("a/7/c/d"u8, ref matches);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    internal static List<string> Match(LocalTrie<string> trie, string topic)
    {
        var matches = default(MatchList<string>);
        trie.Match(Encoding.UTF8.GetBytes(topic), ref matches);
        return [.. matches.AsSpan()];
    }

    private static void AssertAgrees(LocalTrie<string> trie, HashSet<string> present, RandomTopics topics)
    {
        for (var i = 0; i < 10; i++)
        {
            var topic = topics.Topic();
            Assert.Equal(present.Where(filter => TopicFilter.Matches(filter, topic)).Order(), Match(trie, topic).Order());
        }
    }
}
