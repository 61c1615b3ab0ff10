using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Grains.Sessions.Codec;

/// <summary>
/// Lets the queues of a snapshot share their messages again. Most messages wait in one queue and cost one bit here; only those that are met a
/// second time are remembered, and <see cref="Share"/> puts them into the queues.
/// </summary>
internal sealed class MessagePool
{
    private const int PageBits = 16;

    private readonly Dictionary<long, ulong[]> _met = [];
    private readonly Dictionary<long, StoredMessage> _shared = [];
    private ulong[] _page = [];
    private long _pageNumber = -1;

    /// <summary>Makes a message that stands in the snapshot itself.</summary>
    public static MessageRef Inline(byte[] bytes, long expiresAt)
    {
        if (bytes.Length == 0 && expiresAt == 0)
        {
            return StoredMessage.Empty;
        }

        return MessageRef.Stored(new MessageBody(bytes, bytes.Length, expiresAt));
    }

    /// <summary>Returns the message with this place in the write-ahead log.</summary>
    /// <exception cref="InvalidDataException">The offset is negative.</exception>
    public MessageRef At(long offset, int length, long expiresAt)
    {
        if (offset < 0)
        {
            throw new InvalidDataException("A message has no place in the log.");
        }

        if (_shared.TryGetValue(offset, out var known))
        {
            return known;
        }

        var body = new MessageBody(null, length, expiresAt, offset);
        if (TryMeet(offset))
        {
            return MessageRef.Stored(body);
        }

        var message = new StoredMessage(body) { IsShared = true };
        _shared.Add(offset, message);
        return message;
    }

    /// <summary>Puts the shared messages into all of their queues. Until then the first queue of each has it by itself.</summary>
    public void Share(IReadOnlyList<SessionRecordSnapshot> sessions)
    {
        if (_shared.Count == 0)
        {
            return;
        }

        foreach (var session in sessions)
        {
            foreach (ref var item in session.Front.AsSpan())
            {
                item = item with { Message = Shared(item.Message) };
            }

            foreach (var run in session.Waiting)
            {
                run.Replace(Shared);
            }
        }
    }

    private MessageRef Shared(MessageRef message) => _shared.TryGetValue(message.Offset, out var known) ? known : message;

    /// <summary>Notes that a place is met; false if it was met before.</summary>
    private bool TryMeet(long offset)
    {
        if (offset >> PageBits != _pageNumber)
        {
            _pageNumber = offset >> PageBits;
            if (!_met.TryGetValue(_pageNumber, out _page!)) // set below
            {
                _met.Add(_pageNumber, _page = new ulong[1 << (PageBits - 6)]);
            }
        }
        ref var word = ref _page[(offset & ((1 << PageBits) - 1)) >> 6];
        var bit = 1UL << (int)(offset & 63);
        var isNew = (word & bit) == 0;
        word |= bit;
        return isNew;
    }
}
