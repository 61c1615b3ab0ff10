using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions.Stored;

/// <summary>
/// Lets the queues of a snapshot share their messages again. Most wait in one queue: only those that are met a second time are remembered,
/// a bit for the others, and <see cref="Share"/> does the rest.
/// </summary>
internal sealed class MessagePool
{
    private const int PageBits = 16;

    private readonly Dictionary<long, ulong[]> _met = [];
    private readonly Dictionary<long, StoredMessage> _shared = [];
    private ulong[] _page = [];
    private long _pageNumber = -1;

    public static MessageRef Inline(byte[] bytes, long expiresAt)
    {
        if (bytes.Length == 0 && expiresAt == 0)
        {
            return StoredMessage.Empty;
        }

        return MessageRef.Stored(new MessageBody(bytes, bytes.Length, expiresAt));
    }

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

    /// <summary>The first queue of each shared message has it by itself until then.</summary>
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

    /// <summary>False: it was met before.</summary>
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
