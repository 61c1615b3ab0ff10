namespace GrainMQ.Tests.Testing.LogStore;

/// <summary>The bytes of a simulated file: as the system shows them, as they are on the disk, and what is between.</summary>
internal sealed class SimulatedContents(byte[] bytes)
{
    private const int SectorSize = 512;

    private readonly List<(byte[]? Bytes, int Position)> _unflushed = [];
    private byte[] _visible = bytes;
    private byte[] _durable = bytes;
    private int _length = bytes.Length;

    public int Length => _length;

    public byte[] ToArray() => _visible[.._length];

    /// <summary>Not written to afterwards: every change makes another array.</summary>
    public ReadOnlyMemory<byte> From(int position) => _visible.AsMemory(Math.Min(position, _length).._length);

    public void Write(byte[] bytes, long position)
    {
        (_visible, _length) = Applied(_visible, _length, bytes, (int)position);
        _unflushed.Add((bytes, (int)position));
    }

    public void Truncate(int length)
    {
        (_visible, _length) = Applied(_visible, _length, null, length);
        _unflushed.Add((null, length));
    }

    public void Flush()
    {
        foreach (var (bytes, position) in _unflushed)
        {
            _durable = Exactly(Applied(_durable, _durable.Length, bytes, position));
        }

        _unflushed.Clear();
    }

    /// <summary>Some of it is on the disk, and the system no longer knows that the rest is not.</summary>
    public void FailFlush(Random random)
    {
        _durable = Survivors(random);
        _unflushed.Clear();
    }

    public SimulatedContents AfterPowerCut(Random random) => new(Survivors(random));

    private byte[] Survivors(Random random)
    {
        var survivors = _durable;
        foreach (var (bytes, position) in _unflushed)
        {
            foreach (var (piece, at) in Pieces(bytes, position, random))
            {
                survivors = Exactly(Applied(survivors, survivors.Length, piece, at));
            }
        }

        return survivors;
    }

    /// <summary>All of a write, none of it, or some of its sectors.</summary>
    private static IEnumerable<(byte[]? Bytes, int Position)> Pieces(byte[]? bytes, int position, Random random)
    {
        var fate = random.Next(3);
        if (fate == 0)
        {
            yield break;
        }

        if (fate == 1 || bytes is null)
        {
            yield return (bytes, position);
            yield break;
        }
        for (var start = 0; start < bytes.Length;)
        {
            var end = Math.Min(bytes.Length, (position + start) / SectorSize * SectorSize + SectorSize - position);
            if (random.Next(2) == 0)
            {
                yield return (bytes[start..end], position + start);
            }

            start = end;
        }
    }

    /// <summary>A write, or with null bytes a truncation to the position. A gap before a write is zeros.</summary>
    private static (byte[] Bytes, int Length) Applied(byte[] to, int length, byte[]? bytes, int position)
    {
        if (bytes is null)
        {
            var cut = new byte[position];
            to.AsSpan(0, Math.Min(length, position)).CopyTo(cut);
            return (cut, position);
        }
        var end = Math.Max(length, position + bytes.Length);
        var result = new byte[end > to.Length ? Math.Max(end, to.Length * 2) : to.Length];
        to.AsSpan(0, length).CopyTo(result);
        bytes.CopyTo(result, position);
        return (result, end);
    }

    private static byte[] Exactly((byte[] Bytes, int Length) contents) => contents.Bytes[..contents.Length];
}
