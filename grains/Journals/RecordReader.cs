using System.Text;

namespace GrainMQ.Grains.Journals;

/// <summary>
/// Reads what <see cref="RecordWriter"/> wrote, strictly: whatever does not fit is an <see cref="InvalidDataException"/>, and nothing is
/// allocated for a count that the rest of the record cannot hold.
/// </summary>
internal ref struct RecordReader(ReadOnlySpan<byte> bytes)
{
    public delegate T ReadItem<out T>(ref RecordReader from);

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = bytes;

    public byte Byte() => Take(1)[0];

    public bool Flag() => Byte() switch
    {
        0 => false,
        1 => true,
        var other => throw new InvalidDataException($"A yes or no is {other}."),
    };

    public ulong Number()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return shift < 63 || next <= 1 ? value : throw new InvalidDataException("A number is too long.");
            }
        }
        throw new InvalidDataException("A number is too long.");
    }

    public long Signed()
    {
        var value = Number();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>Of things that take at least one byte each.</summary>
    public int Count()
    {
        var count = Number();
        return count <= (ulong)_rest.Length ? (int)count : throw new InvalidDataException($"A count of {count} is more than the record holds.");
    }

    public int Int32() => Number() is var value and <= int.MaxValue ? (int)value : throw OutOfRange();

    public uint UInt32() => Number() is var value and <= uint.MaxValue ? (uint)value : throw OutOfRange();

    public ushort UInt16() => Number() is var value and <= ushort.MaxValue ? (ushort)value : throw OutOfRange();

    public string Text()
    {
        try
        {
            return Utf8.GetString(Take(Count()));
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException("A text is not UTF-8.", e);
        }
    }

    public byte[] Bytes() => Take(Count()).ToArray();

    public T[] List<T>(ReadItem<T> read)
    {
        var count = Count();
        var items = count == 0 ? [] : new T[count];
        for (var at = 0; at < count; at++)
        {
            items[at] = read(ref this);
        }

        return items;
    }

    public T? Maybe<T>(ReadItem<T> read)
        where T : class => Flag() ? read(ref this) : null;

    public readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            throw new InvalidDataException($"{_rest.Length} bytes are left over in a record.");
        }
    }

    private static InvalidDataException OutOfRange() => new("A number is out of its range.");

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length)
        {
            throw new InvalidDataException("A record ends too early.");
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
