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
        trie.GetOrAdd(filter, static text => text);

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
                if (topics.Random.Next(3) == 0) Assert.Equal(present.Remove(filter), trie.Remove(filter));
                else if (present.Add(filter)) Assert.Same(filter, trie.GetOrAdd(filter, text => text));
                else Assert.Equal(filter, trie.GetOrAdd(filter, _ => throw new InvalidOperationException("added twice")));

                Assert.Equal(present.Count, trie.Count);
                if (step % 20 == 0) AssertAgrees(trie, present, topics);
            }

            Assert.Equal(present.Order(), trie.Values.Order());
            foreach (var filter in present.ToList()) Assert.True(trie.Remove(filter));
            present.Clear();
            AssertAgrees(trie, present, topics);
        }
    }

    [Fact]
    public void FindsExactlyTheFilterThatWasAdded()
    {
        var trie = new LocalTrie<string>(hashMask: 0);
        string[] filters = ["a", "a/#", "#", "b", "+", "a/b", "b/#"];
        foreach (var filter in filters) trie.GetOrAdd(filter, static text => text);

        Assert.All(filters, filter => Assert.Equal(filter, trie.Find(filter)));
        Assert.Null(trie.Find("c"));
        Assert.Null(trie.Find("a/c"));
        Assert.Null(trie.Find("+/#"));
    }

    [Fact]
    public void VersionRisesWithEveryChangeAndOnlyThen()
    {
        var trie = new LocalTrie<string>();
        trie.GetOrAdd("a", static text => text);
        var added = trie.Version;
        trie.GetOrAdd("a", static text => text);
        trie.Remove("b");
        trie.Remove("a", static _ => false);
        Assert.Equal(added, trie.Version);
        trie.Remove("a");
        Assert.NotEqual(added, trie.Version);
    }

    [Fact]
    public void RemovedFiltersDoNotKeepTheirMemory()
    {
        var trie = new LocalTrie<string>();
        long peak = 0;
        for (var round = 0; round < 8; round++)
        {
            for (var i = 0; i < 50_000; i++) trie.GetOrAdd($"devices/{round}-{i}/cmd/#", static text => text);
            if (round == 0) peak = trie.SizeInBytes;
            Assert.True(trie.SizeInBytes <= peak * 2, $"{trie.SizeInBytes} bytes after round {round}, {peak} after the first");
            for (var i = 0; i < 50_000; i++) Assert.True(trie.Remove($"devices/{round}-{i}/cmd/#"));
        }

        Assert.True(trie.SizeInBytes < peak / 4, $"{trie.SizeInBytes} bytes when empty, {peak} at the peak");
        Assert.Equal(0, trie.Count);
    }

    [Fact]
    public void TheLongestTopicMeetsHostileFiltersInReasonableTime()
    {
        var trie = new LocalTrie<string>();
        var deepest = string.Join('/', Enumerable.Repeat("+", 32_768));
        trie.GetOrAdd(deepest, static text => text);
        trie.GetOrAdd(deepest[..^1] + "#", static text => text);
        trie.GetOrAdd(new string('/', 65_535), static text => text);

        // Every mix of "+" and an empty level: 2^12 nodes alive, and no more is ever visited.
        for (var mix = 0; mix < 4096; mix++)
            trie.GetOrAdd(string.Join('/', Enumerable.Range(0, 12).Select(bit => (mix >> bit & 1) == 0 ? "+" : "")) + "/#", static text => text);

        Assert.Equal(4096 + 2, Match(trie, new string('/', 65_535)).Count);
        Assert.Equal(4096 + 2, Match(trie, new string('/', 32_767)).Count);
    }

    [Fact]
    public void MatchingAllocatesNothingOnceWarm()
    {
        var trie = new LocalTrie<string>();
        for (var i = 0; i < 100; i++) trie.GetOrAdd($"a/{i}/+/#", static text => text);
        foreach (var filter in (string[])["#", "+/+/c", "a/7/c/d"]) trie.GetOrAdd(filter, static text => text);
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
