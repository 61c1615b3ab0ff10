using GrainMQ.Grains.Retained;
using Xunit;

namespace GrainMQ.Tests.Grains.Retained;

public sealed class LevelSetTests
{
    private readonly LevelNames _names = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(5_000)]
    public void LevelsAreWalkedInOrder(int count)
    {
        foreach (var levels in Orders(Enumerable.Range(0, count).Select(i => $"{i:D5}").ToArray()))
        {
            var set = new LevelSet();
            foreach (var level in levels)
            {
                Assert.Equal(level, set.GetOrAdd(level, _names).Level);
            }

            Assert.Equal(levels.Order(StringComparer.Ordinal), Walk(set, ""));
            Assert.Equal(levels.Where(level => level.CompareTo("02500") >= 0).Order(StringComparer.Ordinal), Walk(set, "02500"));
        }
    }

    [Fact]
    public void SetBehavesLikeASortedSet()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var (random, set, truth) = (new Random(seed), new LevelSet(), new SortedSet<string>(StringComparer.Ordinal));
            for (var step = 0; step < 4_000; step++)
            {
                var level = $"{random.Next(1_000)}";
                if (random.Next(step < 2_000 ? 4 : 2) > 0)
                {
                    Assert.Same(set.GetOrAdd(level, _names), set.Find(level));
                    truth.Add(level);
                }
                else
                {
                    set.Remove(level);
                    truth.Remove(level);
                    Assert.Null(set.Find(level));
                }
            }
            Assert.Equal(truth, Walk(set, ""));
            foreach (var level in truth)
            {
                set.Remove(level);
            }

            Assert.True(set.IsEmpty);
        }
    }

    [Fact]
    public void LevelsOfDifferentSetsShareTheirNames()
    {
        var (one, other) = (new LevelSet(), new LevelSet());
        Assert.Same(one.GetOrAdd("temperature", _names).Level, other.GetOrAdd("temperature", _names).Level);
        var levels = Enumerable.Range(0, 5_000).Select(i => $"{i}").ToArray(); // more than are remembered
        Assert.Equal(levels, levels.Select(level => _names.Of(level)));
        Assert.Equal(new string('x', 100), _names.Of(new string('x', 100)));
    }

    private static IEnumerable<string[]> Orders(string[] levels)
    {
        yield return levels;
        yield return [.. levels.Reverse()];
        var shuffled = levels.ToArray();
        new Random(1).Shuffle(shuffled);
        yield return shuffled;
    }

    private static IEnumerable<string> Walk(LevelSet set, string from)
    {
        for (var at = set.Seek(from); set.At(at) is { } node; at = set.Next(at))
        {
            yield return node.Level;
        }
    }
}
