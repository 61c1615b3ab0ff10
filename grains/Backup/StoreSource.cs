using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Grains.Backup;

/// <summary>A store shard that is exported: its state, and the messages of its queues in the order of its log.</summary>
internal sealed class StoreSource
{
    private const int ReadMessages = 512;
    private const long ReadBytes = 4 << 20;

    private readonly IShardJournal<SessionSnapshot, SessionChange> _journal;
    private readonly MessageRef[] _messages;
    private readonly long[] _offsets;

    public StoreSource(StoreShardState state, IShardJournal<SessionSnapshot, SessionChange> journal)
    {
        (State, _journal) = (state, journal);
        _messages = MessagesOf(state);
        _offsets = Array.ConvertAll(_messages, message => message.Offset);
    }

    public StoreShardState State { get; }

    public int MessageCount => _messages.Length;

    /// <summary>The number of its first message in the export.</summary>
    public long FirstNumber { get; set; }

    public long NumberOf(MessageRef message) => FirstNumber + Array.BinarySearch(_offsets, message.Offset);

    /// <summary>Every message with its bytes; null: they cannot be read any more. A bounded part of them is in memory.</summary>
    /// <exception cref="ExportException">The disk cannot be read.</exception>
    public async IAsyncEnumerable<(MessageRef Message, byte[]? Bytes)> ReadAsync()
    {
        for (var from = 0; from < _messages.Length;)
        {
            var to = EndOfPart(from);
            var bytes = new byte[]?[to - from];
            if (await _journal.ReadAsync(new ArraySegment<long>(_offsets, from, to - from), bytes) != JournalResult.Ok)
            {
                throw new ExportException("The data directory cannot be read: the disk refused. Look at the system's log.");
            }

            for (var at = from; at < to; at++)
            {
                yield return (_messages[at], bytes[at - from]);
            }

            from = to;
        }
    }

    private int EndOfPart(int from)
    {
        var (to, bytes) = (from, 0L);
        do
        {
            bytes += _messages[to++].Length;
        }
        while (to < _messages.Length && to - from < ReadMessages && bytes + _messages[to].Length <= ReadBytes);
        return to;
    }

    private static MessageRef[] MessagesOf(StoreShardState state)
    {
        var messages = new List<MessageRef>();
        foreach (var session in state.Sessions.Journaled())
        {
            messages.AddRange(session.Items().Select(item => item.Message).Where(message => message.Bytes is null)); // others stand in its record
        }

        messages.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        return [.. messages.Where((message, at) => at == 0 || messages[at - 1].Offset != message.Offset)];
    }
}
