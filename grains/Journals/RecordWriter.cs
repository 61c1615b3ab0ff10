using System.Text;

namespace GrainMQ.Grains.Journals;

/// <summary>
/// Writes the fields of a record one after the other; reusable. The one codec of everything that is stored: changes, snapshots and exports.
/// Numbers take seven bits a byte, low ones first.
/// </summary>
internal sealed class RecordWriter
{
    private byte[] _bytes = new byte[4 << 10];
    private int _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public void Clear() => _length = 0;

    public void Byte(byte value) => Reserve(1)[0] = value;

    public void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            Byte((byte)(value | 0x80));
        }

        Byte((byte)value);
    }

    /// <summary>Writes a signed number: small negative ones are short too.</summary>
    public void Signed(long value) => Number((ulong)((value << 1) ^ (value >> 63)));

    public void Count(int value) => Number((uint)value);

    public void Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Count(length);
        Encoding.UTF8.GetBytes(value, Reserve(length));
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Count(value.Length);
        value.CopyTo(Reserve(value.Length));
    }

    public void List<T>(IReadOnlyCollection<T> items, Action<RecordWriter, T> write)
    {
        Count(items.Count);
        foreach (var item in items)
        {
            write(this, item);
        }
    }

    public void Maybe<T>(T? item, Action<RecordWriter, T> write)
        where T : class
    {
        Flag(item is not null);
        if (item is not null)
        {
            write(this, item);
        }
    }

    private Span<byte> Reserve(int length)
    {
        var needed = checked(_length + length);
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(needed, _bytes.Length * 2L)));
        }

        var reserved = _bytes.AsSpan(_length, length);
        _length = needed;
        return reserved;
    }
}
