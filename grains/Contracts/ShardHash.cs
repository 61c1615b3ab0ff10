using System.Text;

namespace GrainMQ.Grains.Contracts;

/// <summary>
/// A hash that never changes between processes, versions or machines: a key must find its shard for as long as the cluster lives.
/// FNV-1a (64 bits) over UTF-8, with a final mix because the low bits of FNV alone spread badly over few shards.
/// </summary>
internal struct ShardHash
{
    // FNV-1a's own constants for 64 bits
    private const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    private ulong _state;

    public ShardHash() => _state = Offset;

    /// <summary>Appends the text as UTF-8; a lone surrogate counts as U+FFFD.</summary>
    public void Append(ReadOnlySpan<char> text)
    {
        Span<byte> utf8 = stackalloc byte[192];
        while (!text.IsEmpty)
        {
            // 64 characters need at most 192 bytes; a surrogate pair must not be cut in two
            var take = Math.Min(64, text.Length);
            if (take < text.Length && char.IsHighSurrogate(text[take - 1]))
            {
                take--;
            }

            foreach (var b in utf8[..Encoding.UTF8.GetBytes(text[..Math.Max(take, 1)], utf8)])
            {
                Append(b);
            }

            text = text[Math.Max(take, 1)..];
        }
    }

    public void Append(byte value) => _state = (_state ^ value) * Prime;

    /// <summary>Appends eight bytes, the lowest first.</summary>
    public void Append(long value)
    {
        for (var shift = 0; shift < 64; shift += 8)
        {
            Append((byte)(value >> shift));
        }
    }

    /// <summary>The hash of what was appended.</summary>
    public readonly ulong Value
    {
        get
        {
            // the finalizer of MurmurHash3
            var mixed = (_state ^ (_state >> 33)) * 0xff51afd7ed558ccd;
            mixed = (mixed ^ (mixed >> 33)) * 0xc4ceb9fe1a85ec53;
            return mixed ^ (mixed >> 33);
        }
    }

    /// <summary>Returns the shard of what was appended, from 0.</summary>
    public readonly int Shard(int shards)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, 1);
        return (int)(Value % (ulong)shards);
    }
}
