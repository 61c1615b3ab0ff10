namespace GrainMQ.Gateway.Routing;

/// <summary>
/// (parent, level hash) → child, open addressing with linear probing, four bytes per slot: the low bits are the child, the bits above
/// them a tag of the key, so that a probe touches the wrong node only once in 2^(32 - bits). One writer, readers without a lock: a slot
/// is one word, and growth fills a new table before it is published.
/// </summary>
internal sealed class EdgeTable
{
    private const uint Empty = 0;
    private const ulong MixKey = 0x9E37_79B9_7F4A_7C15;

    private readonly uint[] _slots;
    private readonly int _bits;
    private readonly uint _childMask;
    private int _live;
    private int _tombstones;

    public EdgeTable(int bits)
    {
        _bits = bits;
        _slots = new uint[1 << bits];
        _childMask = (uint)_slots.Length - 1;
    }

    public int SizeInBytes => _slots.Length * sizeof(uint);

    private uint Tombstone => _childMask + 1; // a tag without a child: node 0 is the root, which is no child

    /// <summary>The child, or 0.</summary>
    public uint Find(SegmentedArray<TrieNode> nodes, uint parent, uint levelHash)
    {
        var key = Mix(parent, levelHash);
        for (var position = Position(key); ; position = (position + 1) & _childMask)
        {
            var slot = Volatile.Read(ref _slots[position]);
            if (slot == Empty)
            {
                return 0;
            }

            if (((slot ^ (uint)key) & ~_childMask) != 0)
            {
                continue;
            }

            var child = slot & _childMask;
            ref var node = ref nodes[child];
            if (child != 0 && node.Parent == parent && node.LevelHash == levelHash)
            {
                return child;
            }
        }
    }

    /// <summary>False when the table is too small: the caller grows it first. At most 3/4 of the slots are ever in use.</summary>
    public bool CanAdd(uint child) => child <= _childMask && (_live + _tombstones + 1) * 4L <= _slots.Length * 3L;

    /// <summary>A table with the same edges and room for <paramref name="child"/>; tombstones are left behind.</summary>
    public EdgeTable Grow(SegmentedArray<TrieNode> nodes, uint child)
    {
        var bits = _live * 2L >= _slots.Length ? _bits + 1 : _bits;
        while (child >> bits != 0)
        {
            bits++;
        }

        var grown = new EdgeTable(bits);
        foreach (var slot in _slots)
        {
            var moved = slot & _childMask;
            if (moved != 0)
            {
                grown.Add(nodes[moved].Parent, nodes[moved].LevelHash, moved);
            }
        }

        return grown;
    }

    public void Add(uint parent, uint levelHash, uint child)
    {
        var key = Mix(parent, levelHash);
        var position = Position(key);
        while ((_slots[position] & _childMask) != 0)
        {
            position = (position + 1) & _childMask;
        }

        if (_slots[position] == Tombstone)
        {
            _tombstones--;
        }

        _live++;
        Volatile.Write(ref _slots[position], ((uint)key & ~_childMask) | child);
    }

    public void Remove(uint parent, uint levelHash, uint child)
    {
        var position = Position(Mix(parent, levelHash));
        while ((_slots[position] & _childMask) != child)
        {
            position = (position + 1) & _childMask;
        }

        _live--;
        _tombstones++;
        Volatile.Write(ref _slots[position], Tombstone);

        // Tombstones before an empty slot separate nothing.
        if (_slots[(position + 1) & _childMask] != Empty)
        {
            return;
        }

        for (; _slots[position] == Tombstone; position = (position - 1) & _childMask)
        {
            Volatile.Write(ref _slots[position], Empty);
            _tombstones--;
        }
    }

    private uint Position(ulong key) => (uint)(key >> (64 - _bits));

    private static ulong Mix(uint parent, uint levelHash) => LevelHash.Fold((ulong)parent << 32 | levelHash, MixKey);
}
