namespace GrainMQ.Gateway.Routing;

/// <summary>One node of a <see cref="LevelTrie{T}"/>: 16 bytes, four to a cache line.</summary>
internal struct TrieNode
{
    /// <summary>A child <c>+</c> exists.</summary>
    public const uint HasSingleLevelChild = 1u << 31;

    /// <summary>An entry ends here with <c>#</c>: it matches this level and everything below.</summary>
    public const uint HasMultiLevelEntry = 1u << 30;

    /// <summary>An entry ends exactly here.</summary>
    public const uint HasExactEntry = 1u << 29;

    private const uint ChildCountMask = HasExactEntry - 1;

    public uint Parent;
    public uint LevelHash;

    /// <summary>The first entry of the chain that ends here; 0 = none.</summary>
    public uint Head;

    /// <summary>The flags above and the number of children, in one word, so that a reader sees them together.</summary>
    public uint State;

    public readonly bool IsUnused => Head == 0 && (State & ChildCountMask) == 0;

    public static bool HasChildren(uint state) => (state & ChildCountMask) != 0;

    public static bool HasLiteralChildren(uint state) => (state & ChildCountMask) > state >> 31;
}
