using GrainMQ.Grains.LogStore;

namespace GrainMQ.Grains.Journals;

/// <summary>Plays a log to a state: its snapshot, then the changes that the snapshot does not have.</summary>
internal sealed class LogReplay<TSnapshot, TChange>(IWriteAheadLog log, IShardCodec<TSnapshot, TChange> codec, IShardState<TSnapshot, TChange> state)
    where TSnapshot : class
{
    private const int SmallPage = 64 << 10;
    private const int LargePage = 2 << 20;

    // a long log is read in few steps, a short one costs little
    private readonly LogPage _page = new((int)Math.Clamp((log.NextOffset - log.FirstOffset) * 256, SmallPage, LargePage));
    private readonly List<MessageBody> _messages = [];

    /// <summary>Number of the last change.</summary>
    public long Version { get; private set; }

    /// <summary>When the last change was made, in Unix milliseconds; 0 if the log does not say.</summary>
    public long At { get; private set; }

    /// <summary>Null; or why the log cannot be used at all. Damaged records are left out: the log has said where and what.</summary>
    public async ValueTask<string?> RunAsync()
    {
        try
        {
            if (log.Snapshot is { } snapshot && await RestoreAsync(snapshot).ConfigureAwait(false) is { } broken)
            {
                return broken;
            }

            return await ApplyAsync(Math.Max(log.Snapshot?.Offset ?? 0, log.FirstOffset)).ConfigureAwait(false);
        }
        catch (InvalidDataException e) // the bytes are those that were written, so another version wrote them
        {
            return $"The log {log.Name} cannot be read: {e.Message}.";
        }
    }

    private async ValueTask<string?> RestoreAsync(LogSnapshotInfo snapshot)
    {
        var reader = codec.BeginSnapshot();
        for (var offset = 0L; offset < snapshot.Count;)
        {
            var reply = await log.ReadSnapshotAsync(offset, _page).ConfigureAwait(false);
            if (reply.Result == LogResult.Failed)
            {
                return reply.Fault?.ToString();
            }

            if (reply.Result == LogResult.Ok)
            {
                AddParts(reader);
            }

            offset = reply.NextOffset;
        }
        state.Restore(reader.End());
        return null;
    }

    private void AddParts(ISnapshotReader<TSnapshot> reader)
    {
        foreach (var record in _page)
        {
            var from = new RecordReader(record.Payload);
            var format = JournalRecord.ReadFormat(ref from);
            if (record.Type == JournalRecord.SnapshotHead)
            {
                Version = (long)from.Number();
                At = format >= JournalRecord.FormatWithTime ? from.Signed() : 0;
            }
            else
            {
                reader.Add(ref from);
            }

            from.End();
        }
    }

    private async ValueTask<string?> ApplyAsync(long offset)
    {
        while (offset < log.NextOffset)
        {
            var reply = await log.ReadAsync(offset, _page).ConfigureAwait(false);
            if (reply.Result == LogResult.Failed)
            {
                return reply.Fault?.ToString();
            }

            if (reply.Result == LogResult.Ok)
            {
                ApplyPage();
            }
            else
            {
                _messages.Clear(); // the change that would have named them is damaged
            }

            offset = reply.NextOffset;
        }
        return null;
    }

    private void ApplyPage()
    {
        foreach (var record in _page)
        {
            if (record.Type == JournalRecord.Message)
            {
                _messages.Add(MessageIn(record));
            }
            else if (record.Type == JournalRecord.Change)
            {
                Apply(record);
            }
            else if (record.Type != JournalRecord.Probe)
            {
                throw new InvalidDataException($"record {record.Offset} is of an unknown type {record.Type}");
            }
        }
    }

    private void Apply(LogRecord record)
    {
        var from = new RecordReader(record.Payload);
        JournalRecord.ReadFormat(ref from);
        // changes that were under way when the snapshot was taken stand behind its offset, and it has them
        if ((long)record.Hlc > Version)
        {
            var change = codec.Read(ref from, _messages);
            from.End();
            state.Apply(change);
            At = Math.Max(At, codec.TimeOf(change));
            Version = (long)record.Hlc;
        }
        _messages.Clear();
    }

    private static MessageBody MessageIn(LogRecord record)
    {
        var properties = new RecordReader(record.Properties);
        var expiresAt = record.Properties.IsEmpty ? 0 : (long)properties.Number();
        properties.End();
        return new MessageBody(null, record.Payload.Length, expiresAt, record.Offset);
    }
}
