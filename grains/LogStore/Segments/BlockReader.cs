using System.Buffers;

namespace GrainMQ.Grains.LogStore.Segments;

internal enum ReadStep
{
    /// <summary>Everything up to the end was read.</summary>
    End,

    /// <summary>The page has no room for more.</summary>
    PageFull,

    /// <summary>At the position stands no block that could be there.</summary>
    Broken,
}

/// <summary>Reads blocks and believes nothing: each is checked before a page gets it.</summary>
internal static class BlockReader
{
    private const int SearchBytes = 256 << 10;

    /// <summary>Takes blocks into the page. Position and offset move behind what was taken, and over blocks that end before the offset.</summary>
    public static ReadStep Fill(LogPage page, IDiskFile file, uint salt, ref long position, long end, ref long offset)
    {
        while (position < end)
        {
            if (page.Free < BlockHeader.Size && !page.IsEmpty)
            {
                return ReadStep.PageFull;
            }

            page.Grow(BlockHeader.Size);
            var bytes = page.Rest[..(int)Math.Min(page.Free, end - position)];
            var read = file.Read(bytes, position);
            var left = read < bytes.Length ? read : end - position; // a file that is shorter than it should be ends in a broken block
            var consumed = TakeAll(page, bytes[..read], salt, position, left, ref offset, out var needed);
            position += consumed;
            if (needed == 0 && consumed == 0)
            {
                return ReadStep.Broken;
            }

            if (consumed == 0 && !page.IsEmpty)
            {
                return ReadStep.PageFull;
            }

            if (consumed == 0)
            {
                page.Grow(needed);
            }
        }
        return ReadStep.End;
    }

    /// <summary>Takes what is whole among the bytes that were read behind the page's blocks; tells how many bytes are done with.</summary>
    /// <param name="needed">The length of the block that is not whole; 0: there is none, or it is broken.</param>
    private static int TakeAll(
        LogPage page, ReadOnlySpan<byte> bytes, uint salt, long position, long left, ref long offset, out int needed)
    {
        var (start, consumed) = (page.Length, 0);
        needed = 0;
        while (consumed < bytes.Length)
        {
            var rest = bytes[consumed..];
            if (rest.Length < BlockHeader.Size && left - consumed >= BlockHeader.Size)
            {
                needed = BlockHeader.Size;
                break;
            }
            if (!BlockHeader.TryRead(rest, salt, out var header) || header.BlockLength > left - consumed || header.FirstOffset > offset)
            {
                break;
            }

            if (header.NextOffset > offset)
            {
                if (header.BlockLength > rest.Length)
                {
                    needed = header.BlockLength;
                    break;
                }
                if (!header.IsBodyOf(rest, salt))
                {
                    break;
                }

                page.Take(header, start + consumed, position + consumed);
                offset = header.NextOffset;
            }
            consumed += header.BlockLength;
        }
        return consumed;
    }

    /// <summary>The next place where a block stands that was written for this segment.</summary>
    /// <param name="file">The segment.</param>
    /// <param name="salt">Of the segment.</param>
    /// <param name="from">First position to look at.</param>
    /// <param name="end">Where to stop.</param>
    /// <param name="isWanted">What its header must say.</param>
    /// <param name="found">Position and header.</param>
    public static bool TryFind(
        IDiskFile file, uint salt, long from, long end, Predicate<BlockHeader> isWanted, out (long Position, BlockHeader Header) found)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(SearchBytes);
        try
        {
            for (var at = from; at + BlockHeader.Size <= end;)
            {
                var bytes = buffer.AsSpan(0, (int)Math.Min(SearchBytes, end - at));
                bytes = bytes[..file.Read(bytes, at)];
                for (var next = 0; bytes[next..].IndexOf(BlockHeader.MagicBytes) is >= 0 and var hit; next += hit + 1)
                {
                    var position = at + next + hit;
                    if (!IsBlockAt(file, salt, position, end, isWanted, out var header))
                    {
                        continue;
                    }

                    found = (position, header);
                    return true;
                }
                at += Math.Max(1, bytes.Length - BlockHeader.MagicBytes.Length + 1);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        found = default;
        return false;
    }

    private static bool IsBlockAt(IDiskFile file, uint salt, long position, long end, Predicate<BlockHeader> isWanted, out BlockHeader header)
    {
        Span<byte> head = stackalloc byte[BlockHeader.Size];
        var read = file.Read(head, position);
        if (!BlockHeader.TryRead(head[..read], salt, out header) || header.BlockLength > end - position || !isWanted(header))
        {
            return false;
        }

        var block = ArrayPool<byte>.Shared.Rent(header.BlockLength);
        try
        {
            return file.Read(block.AsSpan(0, header.BlockLength), position) == header.BlockLength && header.IsBodyOf(block, salt);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}
