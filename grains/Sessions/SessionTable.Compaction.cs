using System.Collections;
using GrainMQ.Grains.Storage;
using GrainMQ.Grains.Storage.Format;

namespace GrainMQ.Grains.Sessions;

/// <content>Messages that keep old segments on the disk.</content>
internal sealed partial class SessionTable
{
    /// <summary>A run of segments is rewritten when less than one part in so many of its bytes is still needed.</summary>
    private const int SparseShare = 4;

    private const int MoveMessages = 1_000;
    private const int MoveBytes = 256 << 10;
    private const int MostRecords = 1 << 27; // one bit each

    /// <summary>
    /// The longest run of segments, from the oldest on, of which less than a quarter is needed: only the oldest can go, so a full one is
    /// worth its rewriting when enough empty ones stand behind it.
    /// </summary>
    /// <param name="segments">In order, from the oldest on.</param>
    /// <param name="least">Fewer bytes to be freed are not worth it.</param>
    /// <param name="holders">Sessions with messages in them.</param>
    /// <returns>The offset after the run; 0: there is none.</returns>
    public long FindSparse(IReadOnlyList<LogSegmentInfo> segments, long least, out List<string> holders)
    {
        holders = [];
        var live = new LiveBytes(segments, MostRecords);
        foreach (var record in _records.Values)
            if (record.HasQueue && live.Add(record.Queue))
                holders.Add(record.Key);
        return live.SparseBelow(SparseShare, least);
    }

    /// <summary>The next few messages of a session that stand below an offset.</summary>
    public List<MovedMessage> Standing(string key, long below)
    {
        var (found, seen, bytes) = (new List<MovedMessage>(), new HashSet<StoredMessage>(), 0L);
        if (!_records.TryGetValue(key, out var record) || !record.HasQueue)
            return found;
        foreach (var item in record.Queue.Front.Concat(record.Queue.From(0)))
        {
            if (item.Message.Offset < 0 || item.Message.Offset >= below || !seen.Add(item.Message))
                continue;
            found.Add(new MovedMessage(item.Message.Body, key, item.Number, item.Message.Offset));
            bytes += item.Message.Length;
            if (bytes >= MoveBytes || found.Count == MoveMessages)
                break;
        }
        return found;
    }

    /// <summary>Null when it waits no more, or stands elsewhere by now.</summary>
    public StoredMessage? Find(MovedMessage moved) =>
        _records.TryGetValue(moved.Key, out var record) && record.HasQueue && record.Queue.Find(moved.Number) is { } message
        && message.Offset == moved.From ? message : null;

    internal void Replay(Moved change)
    {
        foreach (var moved in change.Messages)
            Find(moved)?.Move(moved.Body.Offset);
    }

    /// <summary>Counts each message once, however many queues it waits in.</summary>
    private sealed class LiveBytes
    {
        private readonly List<LogSegmentInfo> _segments = [];
        private readonly List<int> _firstBits = [];
        private readonly BitArray _counted;
        private readonly long[] _bytes;

        public LiveBytes(IReadOnlyList<LogSegmentInfo> segments, int mostRecords)
        {
            var bits = 0L;
            foreach (var segment in segments)
            {
                if (bits + segment.NextOffset - segment.BaseOffset > mostRecords)
                    break;
                _segments.Add(segment);
                _firstBits.Add((int)bits);
                bits += segment.NextOffset - segment.BaseOffset;
            }
            (_counted, _bytes) = (new BitArray((int)bits), new long[_segments.Count]);
        }

        /// <returns>Whether the queue has messages in the segments.</returns>
        public bool Add(SessionQueue queue)
        {
            var hasAny = false;
            foreach (var item in queue.Front.Concat(queue.From(0)))
                hasAny |= TryAdd(item.Message);
            return hasAny;
        }

        public long SparseBelow(int share, long least)
        {
            var (all, live, below) = (0L, 0L, 0L);
            for (var at = 0; at < _segments.Count; at++)
            {
                all += _segments[at].Bytes;
                live += _bytes[at];
                if (live * share < all && all - live >= least)
                    below = _segments[at].NextOffset;
            }
            return below;
        }

        private bool TryAdd(StoredMessage message)
        {
            var at = SegmentOf(message.Offset);
            if (at < 0)
                return false;
            var bit = _firstBits[at] + (int)(message.Offset - _segments[at].BaseOffset);
            if (!_counted[bit])
                _bytes[at] += RecordHeader.Size + message.Length;
            return _counted[bit] = true;
        }

        private int SegmentOf(long offset)
        {
            var (low, high) = (0, _segments.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (_segments[middle].NextOffset > offset)
                    high = middle;
                else
                    low = middle + 1;
            }
            return low < _segments.Count && offset >= _segments[low].BaseOffset ? low : -1;
        }
    }
}
