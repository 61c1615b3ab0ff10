using System.Text;
using GrainMQ.Gateway.Routing;
using Xunit;

namespace GrainMQ.Tests.Unit.Routing;

public sealed class LevelHashTests
{
    [Fact]
    public void LevelsCollideNoMoreOftenThanChanceAllows()
    {
        var hashes = new HashSet<uint>();
        var levels = AllShortLevels().Concat(Enumerable.Range(0, 100_000).Select(i => $"device-{i:x8}")).ToList();
        foreach (var level in levels)
        {
            hashes.Add(LevelHash.Of(Encoding.UTF8.GetBytes(level), uint.MaxValue));
        }

        // n² / 2³³ is 3 here; ten times that has a chance below 1 in 10^20.
        Assert.InRange(levels.Count - hashes.Count, 0, 30);
    }

    [Fact]
    public void NoLevelIsTakenForAWildcard()
    {
        Assert.All(AllShortLevels(), level =>
            Assert.NotEqual(LevelHash.SingleLevelWildcard, LevelHash.Of(Encoding.UTF8.GetBytes(level), mask: 0xF)));
    }

    /// <summary>Every level of up to three characters out of 39, and runs of one character up to 40 long.</summary>
    private static IEnumerable<string> AllShortLevels()
    {
        const string alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-_$";
        yield return "";
        foreach (var a in alphabet)
        {
            for (var length = 4; length <= 40; length++)
            {
                yield return new string(a, length);
            }

            yield return $"{a}";
            foreach (var b in alphabet)
            {
                yield return $"{a}{b}";
                foreach (var c in alphabet)
                {
                    yield return $"{a}{b}{c}";
                }
            }
        }
    }
}
