namespace GrainMQ.Gateway.Routing;

/// <summary>Is shown the chains of entries that a topic may match.</summary>
internal interface ITrieVisitor
{
    /// <param name="head">The first entry of the chain.</param>
    /// <param name="flags">Which entries are meant: <see cref="TrieNode.HasMultiLevelEntry"/>, <see cref="TrieNode.HasExactEntry"/> or both.</param>
    void Visit(uint head, uint flags);
}

internal sealed partial class LevelTrie<T>
{
    /// <summary>
    /// Shows the visitor every chain that <paramref name="topic"/> may match. Level by level over the nodes that are still alive, with no
    /// recursion: the cost is in proportion to the nodes that exist on matching paths, never to the paths that could exist.
    /// False when slots were used again meanwhile: what the visitor saw may be wrong or incomplete.
    /// </summary>
    public bool TryMatch<TVisitor>(ReadOnlySpan<byte> topic, ref Frontier frontier, ref TVisitor visitor)
        where TVisitor : struct, ITrieVisitor, allows ref struct
    {
        var reuse = ReuseCount;
        Match(topic, ref frontier, ref visitor);
        Volatile.ReadBarrier();
        return ReuseCount == reuse;
    }

    private void Match<TVisitor>(ReadOnlySpan<byte> topic, ref Frontier frontier, ref TVisitor visitor)
        where TVisitor : struct, ITrieVisitor, allows ref struct
    {
        var edges = Volatile.Read(ref _edges);
        var rootState = Volatile.Read(ref _nodes[Root].State);
        if (topic is [(byte)'$', ..])
        {
            rootState &= ~(TrieNode.HasMultiLevelEntry | TrieNode.HasSingleLevelChild); // [MQTT-4.7.2-1]
        }

        Show(Root, rootState & TrieNode.HasMultiLevelEntry, ref visitor);
        frontier.Start(Root, rootState);
        for (var levels = new TopicLevels(topic); !frontier.IsEmpty && levels.MoveNext(); frontier.Advance())
        {
            var hash = LevelHash.Of(levels.Current, _hashMask);
            foreach (var (node, state) in frontier.Current)
            {
                if ((state & TrieNode.HasSingleLevelChild) != 0)
                {
                    Step(edges.Find(_nodes, node, LevelHash.SingleLevelWildcard), levels.IsLast, ref frontier, ref visitor);
                }

                if (TrieNode.HasLiteralChildren(state))
                {
                    Step(edges.Find(_nodes, node, hash), levels.IsLast, ref frontier, ref visitor);
                }
            }
        }
    }

    private void Step<TVisitor>(uint node, bool isLast, ref Frontier frontier, ref TVisitor visitor)
        where TVisitor : struct, ITrieVisitor, allows ref struct
    {
        if (node == 0)
        {
            return;
        }

        var state = Volatile.Read(ref _nodes[node].State);
        Show(node, state & (isLast ? TrieNode.HasMultiLevelEntry | TrieNode.HasExactEntry : TrieNode.HasMultiLevelEntry), ref visitor);
        if (!isLast && TrieNode.HasChildren(state))
        {
            frontier.Add(node, state);
        }
    }

    private void Show<TVisitor>(uint node, uint flags, ref TVisitor visitor)
        where TVisitor : struct, ITrieVisitor, allows ref struct
    {
        if (flags != 0)
        {
            visitor.Visit(Volatile.Read(ref _nodes[node].Head), flags);
        }
    }
}
