namespace GrainMQ.Gateway.Routing;

/// <summary>What hangs on a node: entries of one node form a chain, newest first. 16 bytes for a reference, 12 for a word.</summary>
internal struct TrieEntry<T>
{
    private const uint MultiLevelBit = 1u << 31;

    /// <summary>Bit 31: the filter of this entry ends with <c>#</c>. Below: the next entry of the chain, 0 = none.</summary>
    public uint Link;

    /// <summary>Belongs to the owner of the trie.</summary>
    public uint Tag;

    public T Value;

    public static uint Next(uint link) => link & ~MultiLevelBit;

    public static uint LinkTo(uint next, bool multiLevel) => multiLevel ? next | MultiLevelBit : next;

    /// <summary>The same link, a head too, with another successor.</summary>
    public static uint Relink(uint link, uint next) => (link & MultiLevelBit) | next;

    /// <summary>The flag of <see cref="TrieNode.State"/> that announces an entry with this link.</summary>
    public static uint FlagOf(uint link) =>
        (link & MultiLevelBit) != 0 ? TrieNode.HasMultiLevelEntry : TrieNode.HasExactEntry;
}
