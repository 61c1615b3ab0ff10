namespace GrainMQ.Gateway.Routing;

/// <summary>Is shown the chains of entries that a topic may match.</summary>
internal interface ITrieVisitor
{
    /// <param name="head">The first entry of the chain.</param>
    /// <param name="flags">Which entries are meant: <see cref="TrieNode.HasMultiLevelEntry"/>, <see cref="TrieNode.HasExactEntry"/> or both.</param>
    void Visit(uint head, uint flags);
}
