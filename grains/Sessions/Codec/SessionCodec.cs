using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Grains.Sessions.Codec;

/// <summary>The journals <c>sessions/0</c> …: changes, messages of the queues, and snapshots of a record or more per session.</summary>
internal sealed class SessionCodec : IShardCodec<SessionSnapshot, SessionChange>
{
    // first byte of a part; numbers are never used again
    private const byte HeadPart = 1;
    private const byte SessionPart = 2;
    private const byte QueuePart = 3;
    // formats that older versions cannot read, see JournalRecord.Format
    private const byte FormatWithMoved = 2;
    private const byte FormatWithWillSetOff = 3;
    private const byte FormatWithTick = 4;
    private const byte FormatWithShares = 4;

    public string Name => "sessions";

    public IReadOnlyList<MessageBody> MessagesOf(SessionChange change) => change switch
    {
        Queued queued => Array.ConvertAll(queued.Messages, message => message.Body),
        Detached detached => Array.ConvertAll(detached.Handed, message => message.Body),
        Moved moved => Array.ConvertAll(moved.Messages, message => message.Body),
        _ => [],
    };

    public long TimeOf(SessionChange change) => change.At;

    public byte FormatOf(SessionChange change) => change switch
    {
        Moved => FormatWithMoved,
        Attached { SetsWillOff: true } => FormatWithWillSetOff,
        Ticked => FormatWithTick,
        Queued queued when queued.Messages.Any(message => message.Targets.Any(target => target.Share is not null)) => FormatWithShares,
        _ => JournalRecord.Format,
    };

    public void Write(SessionChange change, RecordWriter to) => ChangeWriter.Write(change, to);

    public SessionChange Read(ref RecordReader from, IReadOnlyList<MessageBody> messages) => ChangeReader.Read(ref from, messages);

    public int PartsOf(SessionSnapshot snapshot) => 1 + snapshot.Parts.Length;

    public void Write(SessionSnapshot snapshot, int part, RecordWriter to)
    {
        if (part == 0)
        {
            WriteHead(snapshot, to);
        }
        else
        {
            WritePart(snapshot.Parts[part - 1], to);
        }
    }

    /// <summary>Writes the first part: all but the sessions.</summary>
    public static void WriteHead(SessionSnapshot snapshot, RecordWriter to)
    {
        to.Byte(HeadPart);
        to.Number(snapshot.LastEpoch);
        to.List(snapshot.Wills, SnapshotFields.Will);
        to.List(snapshot.Producers, SnapshotFields.Producer);
        to.List(snapshot.Reporters, SnapshotFields.Reporter);
    }

    /// <summary>Writes any other part.</summary>
    public static void WritePart(SnapshotPart part, RecordWriter to)
    {
        to.Byte(part.From == 0 ? SessionPart : QueuePart);
        if (part.From == 0)
        {
            SnapshotFields.Session(to, part.Session);
        }
        else
        {
            to.Text(part.Session.Key);
        }

        SnapshotFields.Queue(to, part.Waiting);
    }

    public ISnapshotReader<SessionSnapshot> BeginSnapshot() => new Reader();

    public long LowestOffset(SessionSnapshot snapshot)
    {
        var lowest = long.MaxValue;
        foreach (var record in snapshot.Records)
        {
            foreach (var item in record.Items())
            {
                lowest = Lower(lowest, item);
            }
        }

        return lowest;
    }

    private static long Lower(long lowest, in QueueItem item) => item.Message.Offset < 0 ? lowest : Math.Min(lowest, item.Message.Offset);

    private sealed class Reader : ISnapshotReader<SessionSnapshot>
    {
        private readonly List<SessionRecordSnapshot> _sessions = [];
        private readonly MessagePool _pool = new();
        private SessionSnapshot _head = new(0, [], [], [], []);

        public void Add(ref RecordReader from)
        {
            switch (from.Byte())
            {
                case HeadPart:
                    _head = new SessionSnapshot(
                        from.Number(), [], from.List(SnapshotFields.Will), from.List(SnapshotFields.Producer), from.List(SnapshotFields.Reporter));
                    break;
                case SessionPart:
                    var session = SnapshotFields.Session(ref from, _pool);
                    _sessions.Add(session with { Waiting = SnapshotFields.Runs(ref from, _pool) });
                    break;
                case QueuePart:
                    Append(from.Text(), SnapshotFields.Runs(ref from, _pool));
                    break;
                case var other:
                    throw new InvalidDataException($"A snapshot has an unknown part {other}");
            }
        }

        /// <summary>Appends runs to their session. Its own part may be damaged: then they belong to nothing and are left out.</summary>
        private void Append(string key, QueueRun[] runs)
        {
            if (_sessions.Count > 0 && _sessions[^1] is var last && last.Key == key)
            {
                _sessions[^1] = last with { Waiting = [.. last.Waiting, .. runs] };
            }
        }

        public SessionSnapshot End()
        {
            _pool.Share(_sessions);
            return _head with { Records = [.. _sessions] };
        }
    }
}
