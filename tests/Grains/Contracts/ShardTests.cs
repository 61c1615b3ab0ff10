using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Grains.Contracts;

public sealed class ShardTests
{
    // Frozen: another value means that every stored session is looked for in the wrong shard after an update.
    [Theory]
    [InlineData("t/device", 4, 2)]
    [InlineData("t/device", 1024, 314)]
    [InlineData("default/", 64, 32)]
    [InlineData("t/ключ-𝄞", 1000, 762)]
    public void SessionsKeepTheirShard(string key, int shards, int expected) => Assert.Equal(expected, StoreShard.Of(key, shards));

    [Fact]
    public void LongKeysAreHashedWholeWhereverTheirCharactersFall()
    {
        // 64 characters are encoded at a time; a surrogate pair on the border must not be cut
        var one = StoreShard.Of(new string('x', 63) + "𝄞", int.MaxValue);
        var other = StoreShard.Of(new string('x', 63) + "𝄟", int.MaxValue);

        Assert.NotEqual(one, other);
        Assert.InRange(StoreShard.Of("\ud834", 16), 0, 15); // half a pair is not text, but must not hang either
    }

    [Fact]
    public void KeysSpreadEvenly()
    {
        var counts = new int[4];
        for (var i = 0; i < 40_000; i++)
        {
            counts[StoreShard.Of($"t/device-{i}", 4)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 9_500, 10_500));
    }

    [Theory]
    [InlineData("a/b/c", "a/b/#")]
    [InlineData("a/b", "a/b/#")]
    [InlineData("a/b/c/d", "a/b/+/d")]
    [InlineData("a", "a")]
    [InlineData("a/", "a/")]
    [InlineData("/", "/")]
    [InlineData("/x/y", "/x/#")]
    public void FilterWithTwoLiteralLevelsAsksTheShardOfItsTopics(string topic, string filter)
    {
        for (var shards = 1; shards < 50; shards++)
        {
            Assert.Equal(RetainShard.Of("t", topic, shards), RetainShard.For("t", filter, shards));
        }
    }

    [Theory]
    [InlineData("#")]
    [InlineData("+")]
    [InlineData("a/#")]
    [InlineData("a/+")]
    [InlineData("+/b/c")]
    [InlineData("a/+/c")]
    public void OtherFiltersAskEveryShard(string filter) => Assert.Null(RetainShard.For("t", filter, 4));

    [Fact]
    public void TenantAndTopicStayApart() =>
        Assert.NotEqual(RetainShard.Of("a", "b/c", int.MaxValue), RetainShard.Of("a/b", "c", int.MaxValue));
}
