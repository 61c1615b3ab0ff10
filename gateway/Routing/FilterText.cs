namespace GrainMQ.Gateway.Routing;

/// <summary>
/// Where a <see cref="LocalTrie{TValue}"/> keeps the text of a filter, so that a value needs no string of its own (4 bytes, not 64).
/// Valid while the filter is in the trie.
/// </summary>
public readonly record struct FilterText(uint Record);
