using GrainMQ.Grains.LogStore;

namespace GrainMQ.Grains.Journals;

/// <summary>The journal of a shard in its log.</summary>
/// <param name="log">Under the activation's epoch.</param>
/// <param name="codec">How changes and snapshots look.</param>
/// <param name="version">Number of the last change.</param>
/// <param name="at">When that change was made, in Unix milliseconds.</param>
/// <param name="space">Of the shard.</param>
internal sealed class LogJournal<TSnapshot, TChange>(IWriteAheadLog log, IShardCodec<TSnapshot, TChange> codec, long version, long at, SpaceWatch space)
    : IShardJournal<TSnapshot, TChange>
    where TSnapshot : class
    where TChange : class
{
    /// <summary>What a restart replays beside the snapshot: at least 64 MB of changes, about 170,000 messages of 256 bytes.</summary>
    private const long SnapshotFrom = 64 << 20;

    private const int MostBatches = 8;
    private const int LargestBatch = 1 << 20;

    private readonly Stack<LogBatch> _batches = new();
    private readonly RecordWriter _writer = new();
    private readonly MessageReader _reader = new(log);
    private long _version = version;
    private long _at = at;

    public long Epoch => log.Epoch;

    public bool IsFull => space.IsFull;

    public ValueTask<JournalReply> AppendAsync(TChange change)
    {
        var batch = Rent();
        var messages = codec.MessagesOf(change);
        foreach (var message in messages)
        {
            Add(batch, message);
        }

        _at = Math.Max(_at, codec.TimeOf(change));
        _writer.Clear();
        _writer.Byte(codec.FormatOf(change));
        codec.Write(change, _writer);
        batch.Add(JournalRecord.Change, 0, (ulong)++_version, [], _writer.Written);
        return CompleteAsync(batch, log.AppendAsync(batch));
    }

    public JournalMark Mark() => new(log.NextOffset, _version, _at);

    public async ValueTask<JournalResult> ReplaceAsync(TSnapshot snapshot, JournalMark mark, CancellationToken stopping)
    {
        await using var target = log.BeginSnapshot(mark.Offset);
        var records = new SnapshotRecords(target);
        records.Begin(mark.Version, mark.At);
        var parts = codec.PartsOf(snapshot);
        for (var part = 0; part < parts; part++)
        {
            if (stopping.IsCancellationRequested)
            {
                return JournalResult.Abandoned;
            }

            if (await AddAsync(records, snapshot, part).ConfigureAwait(false) is { Result: not LogResult.Ok } refusal)
            {
                return ResultOf(refusal.Result);
            }
        }
        if (await records.FlushAsync().ConfigureAwait(false) is { Result: not LogResult.Ok } full)
        {
            return ResultOf(full.Result);
        }

        return ResultOf((await target.CommitAsync(codec.LowestOffset(snapshot)).ConfigureAwait(false)).Result);
    }

    public IReadOnlyList<LogSegmentInfo> Kept =>
        log.Snapshot is { } snapshot ? [.. log.Sealed.Where(segment => segment.NextOffset <= snapshot.Offset)] : [];

    public ValueTask<bool> IsCurrentAsync() => log.IsCurrentAsync();

    public ValueTask<bool> HasSpaceAsync() => space.IsFull ? ProbeAsync() : new(true);

    public ValueTask<JournalResult> ReadAsync(IReadOnlyList<long> offsets, byte[]?[] messages) => _reader.ReadAsync(offsets, messages);

    public long HeldBy(long state, long messages) => state;

    public long SnapshotAfter(long state, long messages) => SnapshotFrom + (state / 2);

    private ValueTask<LogReply> AddAsync(SnapshotRecords records, TSnapshot snapshot, int part) =>
        records.AddAsync(to => codec.Write(snapshot, part, to));

    private void Add(LogBatch batch, MessageBody message)
    {
        _writer.Clear();
        if (message.ExpiresAt != 0)
        {
            _writer.Number((ulong)message.ExpiresAt);
        }

        batch.Add(JournalRecord.Message, 0, 0, _writer.Written, message.Bytes);
    }

    private static JournalResult ResultOf(LogResult result) => result switch
    {
        LogResult.Ok => JournalResult.Ok,
        LogResult.Fenced => JournalResult.Fenced,
        LogResult.Full => JournalResult.Full,
        _ => JournalResult.Failed,
    };

    private async ValueTask<JournalReply> CompleteAsync(LogBatch batch, ValueTask<AppendReply> append)
    {
        var reply = await append.ConfigureAwait(false);
        Return(batch);
        space.IsFull |= reply.Result == LogResult.Full;
        return new JournalReply(ResultOf(reply.Result), reply.FirstOffset);
    }

    private async ValueTask<bool> ProbeAsync()
    {
        var batch = Rent();
        batch.Add(JournalRecord.Probe, []);
        var reply = await log.AppendAsync(batch).ConfigureAwait(false);
        Return(batch);
        space.IsFull = reply.Result == LogResult.Full;
        return !space.IsFull;
    }

    private LogBatch Rent()
    {
        lock (_batches)
        {
            return _batches.TryPop(out var batch) ? batch : new LogBatch();
        }
    }

    private void Return(LogBatch batch)
    {
        if (batch.Bytes > LargestBatch)
        {
            return;
        }

        batch.Clear();
        lock (_batches)
        {
            if (_batches.Count < MostBatches)
            {
                _batches.Push(batch);
            }
        }
    }
}
