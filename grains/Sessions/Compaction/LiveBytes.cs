using System.Collections;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Segments;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.Compaction;

/// <summary>Counts how much of each segment the queues still need. A message counts once, however many queues it waits in.</summary>
internal sealed class LiveBytes
{
    /// <summary>At one bit each they take 16 MB.</summary>
    private const int MostRecords = 1 << 27;

    private readonly List<LogSegmentInfo> _segments = [];
    private readonly List<int> _firstBits = [];
    private readonly BitArray _counted;
    private readonly long[] _bytes;

    /// <param name="segments">The segments in order, the oldest first; of a very long log only the first part is looked at.</param>
    public LiveBytes(IReadOnlyList<LogSegmentInfo> segments)
    {
        var bits = 0L;
        foreach (var segment in segments)
        {
            if (bits + segment.NextOffset - segment.BaseOffset > MostRecords)
            {
                break;
            }

            _segments.Add(segment);
            _firstBits.Add((int)bits);
            bits += segment.NextOffset - segment.BaseOffset;
        }
        (_counted, _bytes) = (new BitArray((int)bits), new long[_segments.Count]);
    }

    /// <summary>Counts a message; returns whether it is in one of the segments.</summary>
    public bool Add(MessageRef message)
    {
        var at = SegmentOf(message.Offset);
        if (at < 0)
        {
            return false;
        }

        var bit = _firstBits[at] + (int)(message.Offset - _segments[at].BaseOffset);
        if (!_counted[bit])
        {
            _bytes[at] += RecordHeader.Size + message.Length;
        }

        return _counted[bit] = true;
    }

    /// <summary>
    /// Finds the longest run of segments, from the oldest on, of which less than one part in so many is needed. Only the oldest can be
    /// deleted, so a full one is worth its rewriting if enough empty ones stand behind it.
    /// </summary>
    /// <param name="share">Less than one part in so many is needed.</param>
    /// <param name="least">The bytes that must be freed at least.</param>
    /// <returns>The offset after the run; 0 if there is none.</returns>
    public long SparseBelow(int share, long least)
    {
        var (all, live, below) = (0L, 0L, 0L);
        for (var at = 0; at < _segments.Count; at++)
        {
            all += _segments[at].Bytes;
            live += _bytes[at];
            if (live * share < all && all - live >= least)
            {
                below = _segments[at].NextOffset;
            }
        }
        return below;
    }

    private int SegmentOf(long offset)
    {
        var (low, high) = (0, _segments.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_segments[middle].NextOffset > offset)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }
        return low < _segments.Count && offset >= _segments[low].BaseOffset ? low : -1;
    }
}
