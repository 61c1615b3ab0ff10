using System.Diagnostics.CodeAnalysis;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// What waits for one session, oldest first. Messages that were sent before (Published, Released) stand in front and are never dropped:
/// the client's Receive Maximum bounds them. Of the others the oldest goes when the queue is full. The messages lie in chunks that
/// double from 4 to 256, so that a queue of three costs little and one of 100,000 is never copied.
/// </summary>
internal sealed class OfflineQueue(QueueBounds bounds)
{
    /// <summary>What a message costs beside its body: the record and its place in the chunk.</summary>
    internal const int Overhead = 64;

    private const int FirstChunk = 4;
    private const int LargestChunk = 256;

    private Chunk? _first;
    private Chunk? _last;
    private PendingMessage[] _unfinished = [];
    private long _unfinishedBytes;
    private int _queued;

    public int Count => _unfinished.Length + _queued;

    public long Bytes { get; private set; }

    internal static long Cost(PendingMessage message) => Overhead + message.Message.Length;

    /// <summary>Appends a message; returns how many were dropped to make room, or 1 for itself when no room can be made.</summary>
    public int Enqueue(PendingMessage message)
    {
        if (!CanFit(Cost(message)))
            return 1;
        Append(message);
        return Trim();
    }

    /// <summary>Puts a connection's unfinished deliveries before everything queued since; returns how many were dropped.</summary>
    public int Prepend(PendingMessage[] pending)
    {
        if (pending.Length == 0)
            return 0;
        var sent = Array.FindAll(pending, message => message.Stage != PendingStage.Queued);
        var unsent = Array.FindAll(pending, message => message.Stage == PendingStage.Queued);
        _unfinished = [.. sent, .. _unfinished];
        _unfinishedBytes += sent.Sum(Cost);
        if (unsent.Length > 0)
            AddFirst(new Chunk(unsent));
        _queued += unsent.Length;
        foreach (var message in pending)
            Account(+1, Cost(message));
        return Trim();
    }

    /// <summary>Empties the queue into an array, without what has expired.</summary>
    public PendingMessage[] TakeAll(long now, out int expired)
    {
        var all = ToArray();
        Clear();
        var live = all.Where(message => !HasExpired(message, now)).ToArray();
        expired = all.Length - live.Length;
        return live;
    }

    public PendingMessage[] ToArray() => [.. _unfinished, .. Chunks().SelectMany(chunk => chunk.Items)];

    public void Clear()
    {
        Account(-Count, -Bytes);
        (_first, _last) = (null, null);
        _unfinished = [];
        _unfinishedBytes = 0;
        _queued = 0;
    }

    /// <summary>Only a message whose delivery never began expires. [MQTT-3.3.2-5]</summary>
    internal static bool HasExpired(PendingMessage message, long now) =>
        message.Stage == PendingStage.Queued && message.ExpiresAt != 0 && message.ExpiresAt <= now;

    /// <summary>Whether dropping all that may be dropped makes enough room.</summary>
    private bool CanFit(long cost) =>
        _unfinishedBytes + cost <= bounds.Bytes && bounds.TotalBytes - (Bytes - _unfinishedBytes) + cost <= bounds.MaxTotalBytes;

    private void Append(PendingMessage message)
    {
        if (_last is null || _last.IsFull)
            AddLast(new Chunk(_last is null ? FirstChunk : Math.Clamp(2 * _last.Capacity, FirstChunk, LargestChunk)));
        _last.Add(message);
        _queued++;
        Account(+1, Cost(message));
    }

    private void AddFirst(Chunk chunk)
    {
        chunk.Next = _first;
        _first = chunk;
        _last ??= chunk;
    }

    [MemberNotNull(nameof(_last))]
    private void AddLast(Chunk chunk)
    {
        if (_last is not null)
            _last.Next = chunk;
        _first ??= chunk;
        _last = chunk;
    }

    private IEnumerable<Chunk> Chunks()
    {
        for (var chunk = _first; chunk is not null; chunk = chunk.Next)
            yield return chunk;
    }

    private int Trim()
    {
        var dropped = 0;
        for (; _queued > 0 && IsOverLimit(); dropped++)
            DropOldest();
        return dropped;
    }

    private bool IsOverLimit() => _queued > bounds.Messages || Bytes > bounds.Bytes || bounds.TotalBytes > bounds.MaxTotalBytes;

    private void DropOldest()
    {
        var first = _first!; // _queued > 0: there is a chunk with a message
        var message = first.Take();
        if (first.IsEmpty)
            _first = first.Next;
        if (_first is null)
            _last = null;
        _queued--;
        Account(-1, -Cost(message));
    }

    private void Account(int messages, long bytes)
    {
        Bytes += bytes;
        bounds.TotalMessages += messages;
        bounds.TotalBytes += bytes;
    }

    private sealed class Chunk
    {
        private readonly PendingMessage[] _items;
        private int _from;
        private int _to;

        public Chunk(int capacity) => _items = new PendingMessage[capacity];

        /// <summary>A full chunk.</summary>
        public Chunk(PendingMessage[] items) => (_items, _to) = (items, items.Length);

        public Chunk? Next { get; set; }

        public int Capacity => _items.Length;

        public bool IsFull => _to == _items.Length;

        public bool IsEmpty => _from == _to;

        public ArraySegment<PendingMessage> Items => new(_items, _from, _to - _from);

        public void Add(PendingMessage message) => _items[_to++] = message;

        public PendingMessage Take()
        {
            var message = _items[_from];
            _items[_from++] = null!; // free the body at once; nothing before _from is read again
            return message;
        }
    }
}

/// <summary>The bounds of each offline queue of a shard and of all together, and what waits in all of them.</summary>
/// <param name="messages">Most messages in one queue.</param>
/// <param name="bytes">Most bytes in one queue.</param>
/// <param name="maxTotalBytes">Most bytes in all queues.</param>
internal sealed class QueueBounds(int messages, long bytes, long maxTotalBytes)
{
    public int Messages => messages;

    public long Bytes => bytes;

    public long MaxTotalBytes => maxTotalBytes;

    public long TotalMessages { get; set; }

    public long TotalBytes { get; set; }
}
