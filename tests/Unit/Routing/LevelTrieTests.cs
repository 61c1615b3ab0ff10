using System.Text;
using GrainMQ.Gateway.Routing;
using Xunit;

namespace GrainMQ.Tests.Unit.Routing;

public sealed class LevelTrieTests
{
    [Fact]
    public void AReaderWalksOnOverAnEntryThatIsRemovedUnderIt()
    {
        var trie = new LevelTrie<int>();
        trie.Add("a"u8, 1, out _);
        var removed = trie.Add("a"u8, 2, out var node);
        List<int> seen = [];
        var visitor = new InterruptedVisitor(trie, seen, () => trie.RemoveAt(node, removed));

        Assert.True(Match(trie, visitor));
        Assert.Equal([2, 1], seen);
    }

    [Fact]
    public void AReaderLearnsThatASlotWasUsedAgainUnderIt()
    {
        var trie = new LevelTrie<int>();
        trie.Add("a"u8, 1, out _);
        var removed = trie.Add("a"u8, 2, out var node);
        List<int> seen = [];
        var visitor = new InterruptedVisitor(trie, seen, () =>
        {
            trie.RemoveAt(node, removed);
            while (trie.ReuseCount == 0)
            {
                var entry = trie.Add("b/c"u8, 3, out var other);
                trie.RemoveAt(other, entry);
                trie.ReuseIfDue();
            }

            Assert.Contains(removed, Enumerable.Range(0, 1000).Select(_ => trie.Add("b/c"u8, 3, out var _)));
        });

        Assert.False(Match(trie, visitor));
        Assert.DoesNotContain(1, seen); // why it has to start over
    }

    [Fact]
    public void SlotsRestBeforeTheyAreUsedAgain()
    {
        var trie = new LevelTrie<int>();
        var first = trie.Add("a/b"u8, 1, out var node);
        trie.RemoveAt(node, first);
        trie.ReuseIfDue();

        Assert.NotEqual(first, trie.Add("a/b"u8, 1, out var again));
        Assert.NotEqual(node, again);
        Assert.Equal(0, trie.ReuseCount);
    }

    private static bool Match(LevelTrie<int> trie, InterruptedVisitor visitor)
    {
        var frontier = default(Frontier);
        return trie.TryMatch(Encoding.UTF8.GetBytes("a"), ref frontier, ref visitor);
    }

    /// <summary>Stands on the first entry of a chain while a writer does something, then goes on.</summary>
    private readonly struct InterruptedVisitor(LevelTrie<int> trie, List<int> seen, Action write) : ITrieVisitor
    {
        public void Visit(uint head, uint flags)
        {
            seen.Add(trie[head].Value);
            write();
            for (var entry = Next(head); entry != 0; entry = Next(entry))
            {
                seen.Add(trie[entry].Value);
            }
        }

        private uint Next(uint entry) => TrieEntry<int>.Next(trie[entry].Link);
    }
}
