using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Retained;
using Xunit;

namespace GrainMQ.Tests.Grains.Retained;

public sealed class RetainedTreeTests
{
    private readonly RetainedTree _tree = new(maxMessages: 1_000, maxBytes: long.MaxValue);

    [Theory]
    [InlineData("a/b", "a/b")]
    [InlineData("a/+", "a/", "a/b", "a/c")]
    [InlineData("a/#", "a", "a/", "a/b", "a/b/c", "a/c")]
    [InlineData("#", "", "/", "/a", "a", "a/", "a/b", "a/b/c", "a/c", "b/b")]
    [InlineData("+", "", "a")]
    [InlineData("+/b", "a/b", "b/b")]
    [InlineData("+/+", "/", "/a", "a/", "a/b", "a/c", "b/b")]
    [InlineData("+/b/#", "a/b", "a/b/c", "b/b")]
    [InlineData("/#", "", "/", "/a")]
    [InlineData("$SYS/#", "$SYS/x")] // [MQTT-4.7.2-1]: only a filter that begins so matches
    [InlineData("+/x")]
    [InlineData("a/b/c/d")]
    [InlineData("x/#")]
    public void FilterMatchesItsTopicsInOrder(string filter, params string[] expected)
    {
        foreach (var topic in (string[])["b/b", "a/c", "a/b/c", "a/b", "a/", "a", "/", "/a", "", "$SYS/x"])
        {
            Set(topic);
        }

        Assert.Equal(expected, Query(filter, 100));
        Assert.Equal(expected, Query(filter, 1));
    }

    [Fact]
    public void LastMessageOfATopicCountsAndAnEmptyOneClearsIt()
    {
        Set("a/b", "old");
        Set("a/b", "new");
        Set("a", "parent");
        Assert.Equal(["parent", "new"], Page("#").Messages.Select(entry => Sample.Text(entry.Message ?? [])));

        _tree.Set("t", new RetainEntry("a/b", null, 0));
        _tree.Set("t", new RetainEntry("never/set", [], 0));
        Assert.Equal(["a"], Query("#", 10));
        _tree.Set("t", new RetainEntry("a", null, 0));
        Assert.Equal((0, 0L), (_tree.Count, _tree.Bytes));
        Assert.Empty(_tree.All());
    }

    [Fact]
    public void TenantsAreSeparate()
    {
        Set("a");
        _tree.Set("other", new RetainEntry("b", [1], 0));

        Assert.Equal(["a"], Query("#", 10));
        Assert.Equal(["a", "b"], _tree.All().Select(pair => pair.Entry.Topic).Order());
        Assert.Empty(_tree.Page(new RetainQuery("third", "#", null, 10, 100), 0).Messages);
    }

    [Fact]
    public void ExpiredMessageIsNotFoundAndThenGone()
    {
        _tree.Set("t", new RetainEntry("a", [1], 100));
        _tree.Set("t", new RetainEntry("b", [1], 100));
        _tree.Set("t", new RetainEntry("b", [2], 0)); // replaced: the old time means nothing any more

        Assert.Equal(["a", "b"], Page("#", now: 99).Messages.Select(entry => entry.Topic));
        Assert.Equal(["b"], Page("#", now: 100).Messages.Select(entry => entry.Topic));
        Assert.Equal(2, _tree.Count);
        _tree.Expire(100);
        Assert.Equal(1, _tree.Count);
    }

    [Fact]
    public void QuotaRefusesNewMessagesAndKeepsTheOldOnes()
    {
        var tree = new RetainedTree(maxMessages: 2, maxBytes: 500);
        Assert.True(tree.Set("t", new RetainEntry("a", [1], 0)));
        Assert.True(tree.Set("t", new RetainEntry("b", [1], 0)));
        Assert.False(tree.Set("t", new RetainEntry("c", [1], 0)));
        Assert.True(tree.Set("t", new RetainEntry("a", [1, 2], 0))); // no more messages than before
        Assert.False(tree.Set("t", new RetainEntry("a", new byte[400], 0)));
        Assert.Equal(2, tree.Count);
        Assert.Equal([1, 2], tree.All().Single(pair => pair.Entry.Topic == "a").Entry.Message);
        tree.Set("t", new RetainEntry("b", null, 0));
        Assert.True(tree.Set("t", new RetainEntry("c", [1], 0)));
    }

    [Fact]
    public void ReplacedMessageGivesItsBytesBack()
    {
        var (small, large) = (new RetainEntry("a", new byte[100], 0), new RetainEntry("a", new byte[300], 0));
        var other = new RetainEntry("b", new byte[300], 0);
        var tree = new RetainedTree(maxMessages: 10, maxBytes: RetainedTree.Cost(large) + RetainedTree.Cost(other));
        foreach (var entry in (RetainEntry[])[other, large, small, large, large]) // each time there is room for it, without the one before it
        {
            Assert.True(tree.Set("t", entry));
            Assert.Equal(tree.All().Sum(pair => RetainedTree.Cost(pair.Entry)), tree.Bytes);
        }

        Assert.False(tree.Set("t", new RetainEntry("a", new byte[301], 0))); // one byte too many
        Assert.False(tree.Set("t", new RetainEntry("c", [1], 0)));
        Assert.Equal(300, tree.All().Single(pair => pair.Entry.Topic == "a").Entry.Message?.Length);
        Assert.True(tree.Set("t", small));
        Assert.True(tree.Set("t", new RetainEntry("c", new byte[38], 0))); // the 200 bytes that came back are 160, the topic and 38
        Assert.False(tree.Set("t", new RetainEntry("c", new byte[39], 0)));
    }

    [Fact]
    public void BytesAreThoseOfTheMessagesHoweverOftenTheyChange()
    {
        var (tree, random) = (new RetainedTree(maxMessages: 20, maxBytes: 8_000), new Random(1));
        for (var i = 0; i < 5_000; i++)
        {
            var (before, bytes) = (tree.Count, tree.Bytes);
            var message = random.Next(4) == 0 ? null : new byte[random.Next(1, 600)];
            if (!tree.Set("t", new RetainEntry($"{random.Next(5)}/{random.Next(8)}", message, random.Next(3) == 0 ? i + random.Next(50) : 0)))
            {
                Assert.Equal((before, bytes), (tree.Count, tree.Bytes));
            }

            tree.Expire(i);
            Assert.Equal(tree.All().Sum(pair => RetainedTree.Cost(pair.Entry)), tree.Bytes);
            Assert.Equal(tree.All().Count(), tree.Count);
            Assert.InRange(tree.Bytes, 0, 8_000);
        }
    }

    [Fact]
    public void PageIsBoundedByBytesButNeverEmpty()
    {
        foreach (var topic in (string[])["a", "b", "c"])
        {
            Set(topic, new string('x', 1_000));
        }

        var first = _tree.Page(new RetainQuery("t", "#", null, 10, 1), 0);
        var second = _tree.Page(new RetainQuery("t", "#", first.Next, 10, 3_000), 0);

        Assert.Equal((1, "a"), (first.Messages.Length, first.Next));
        Assert.Equal((2, null), (second.Messages.Length, second.Next));
    }

    [Fact]
    public void QueryThatMatchesNothingInALargeTreeComesBackInPages()
    {
        var tree = new RetainedTree(200_000, long.MaxValue);
        for (var i = 0; i < 60_000; i++)
        {
            tree.Set("t", new RetainEntry($"d/{i}/state", [1], 0));
        }

        tree.Set("t", new RetainEntry("d/9/x", [1], 0));
        var (pages, found, after) = (0, 0, (string?)null);
        do
        {
            var page = tree.Page(new RetainQuery("t", "+/+/x", after, 100, int.MaxValue), 0);
            (pages, found, after) = (pages + 1, found + page.Messages.Length, page.Next);
        }
        while (after is not null);

        Assert.Equal((2, 1), (pages, found)); // 50,000 nodes a page
    }

    [Fact]
    public void TopicWithThousandsOfLevelsIsATopicLikeAnother()
    {
        var topic = string.Join('/', Enumerable.Repeat("a", 30_000));
        Set(topic);
        Assert.Equal([topic], Query("#", 10));
        Assert.Equal([topic], Query("a/+/#", 10));
        _tree.Set("t", new RetainEntry(topic, null, 0));
        Assert.Empty(_tree.All());
    }

    [Fact]
    public void TreeAgreesWithANaiveMatcher()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            AssertAgrees(new Random(seed));
        }
    }

    private static void AssertAgrees(Random random)
    {
        var (tree, truth) = (new RetainedTree(10_000, long.MaxValue), new HashSet<string>());
        for (var i = 0; i < 400; i++)
        {
            var topic = Name(random, ["a", "b", "c", "", "$x", "%", "aa", $"{random.Next(300)}"]);
            var isSet = random.Next(4) > 0;
            tree.Set("t", new RetainEntry(topic, isSet ? [1] : null, 0));
            _ = isSet ? truth.Add(topic) : truth.Remove(topic);
        }
        Assert.Equal(truth.Count, tree.Count);
        for (var i = 0; i < 30; i++)
        {
            var filter = Name(random, ["a", "b", "", "+", "+", "$x", "5"]) + (random.Next(3) == 0 ? "/#" : "");
            filter = random.Next(20) == 0 ? "#" : filter;
            var expected = truth.Where(topic => Matches(filter, topic)).OrderBy(topic => topic.Replace('/', '\0'), StringComparer.Ordinal);
            Assert.Equal(expected, Query(tree, filter, random.Next(1, 20)));
        }
    }

    private static string Name(Random random, string[] levels) =>
        string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => levels[random.Next(levels.Length)]));

    private static bool Matches(string filter, string topic) =>
        !(topic.StartsWith('$') && (filter.StartsWith('+') || filter.StartsWith('#'))) && Matches(filter.Split('/'), topic.Split('/'));

    private static bool Matches(string[] filter, string[] topic) => (filter, topic) switch
    {
        (["#"], _) => true,
        ([], []) => true,
        ([], _) or (_, []) => false,
        _ => (filter[0] == "+" || filter[0] == topic[0]) && Matches(filter[1..], topic[1..]),
    };

    private void Set(string topic, string message = "m") => _tree.Set("t", new RetainEntry(topic, Sample.Bytes(message), 0));

    private RetainPage Page(string filter, long now = 0) => _tree.Page(new RetainQuery("t", filter, null, 100, int.MaxValue), now);

    private string[] Query(string filter, int perPage) => Query(_tree, filter, perPage);

    private static string[] Query(RetainedTree tree, string filter, int perPage)
    {
        var topics = new List<string>();
        string? after = null;
        do
        {
            var page = tree.Page(new RetainQuery("t", filter, after, perPage, int.MaxValue), 0);
            Assert.InRange(page.Messages.Length, page.Next is null ? 0 : 1, perPage);
            topics.AddRange(page.Messages.Select(entry => entry.Topic));
            after = page.Next;
        }
        while (after is not null);
        return [.. topics];
    }
}
