using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.Sessions.Codec;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Grains.Backup;

/// <summary>
/// A store shard that is imported: first the messages of its queues go to its log, then a snapshot with its sessions, which stands for
/// everything before it, so that the broker reads nothing else when it starts.
/// </summary>
internal sealed class StoreTarget
{
    /// <summary>A message is read together with its block.</summary>
    private const int BlockBytes = 64 << 10;

    /// <summary>Batches that share one fsync.</summary>
    private const long GroupBytes = 4 << 20;

    private readonly IWriteAheadLog _log;
    private readonly ImportLimits _limits;
    private readonly List<LogBatch> _full = [];
    private readonly List<DueWill> _wills = [];
    private readonly Stack<LogBatch> _spare = [];
    private LogBatch _batch = new(BlockBytes * 2);
    private long _fullBytes;
    private long _next;
    private ulong _epoch;

    /// <param name="log">New and empty.</param>
    /// <param name="limits">Of the broker.</param>
    /// <param name="now">Unix milliseconds.</param>
    public StoreTarget(IWriteAheadLog log, ImportLimits limits, long now)
    {
        (_log, _limits, _next) = (log, limits, log.NextOffset);
        _epoch = (ulong)now << 16; // as the table draws them; none is used twice
    }

    /// <summary>Adds a message; returns its place in the log.</summary>
    public long Add(LogRecord record)
    {
        _batch.Add(JournalRecord.Message, 0, 0, record.Properties, record.Payload);
        if (_batch.Bytes >= BlockBytes)
        {
            EndBatch();
        }

        return _next++;
    }

    /// <summary>A will that is due.</summary>
    public void Add(DueWill will) => _wills.Add(will with { Id = (long)++_epoch });

    /// <summary>Called now and then, so that what waits in memory stays small.</summary>
    public ValueTask WriteAsync() => _fullBytes >= GroupBytes ? FlushAsync() : default;

    /// <summary>Ends the shard.</summary>
    /// <param name="count">Of the sessions.</param>
    /// <param name="sessions">Those of the shard; their epochs are given here.</param>
    /// <param name="now">Unix milliseconds; the clock of the broker goes on from here.</param>
    /// <exception cref="ExportException">The disk refused, or the broker would not keep all of it.</exception>
    public async Task FinishAsync(int count, IEnumerable<SessionRecordSnapshot> sessions, long now)
    {
        EndBatch();
        await FlushAsync();
        await using var target = _log.BeginSnapshot(_log.NextOffset);
        var records = new SnapshotRecords(target);
        var lowest = long.MaxValue;
        records.Begin(0, now);
        var head = new SessionSnapshot(_epoch + (ulong)count, [], [.. _wills.Select(will => new DueWillSnapshot(will, null, 0))], [], []);
        Demand(await records.AddAsync(to => SessionCodec.WriteHead(head, to)));
        foreach (var session in sessions)
        {
            _limits.Check(session);
            lowest = Math.Min(lowest, LowestOf(session));
            foreach (var part in SnapshotPart.Of(session with { Epoch = ++_epoch }))
            {
                Demand(await records.AddAsync(to => SessionCodec.WritePart(part, to)));
            }
        }
        _limits.EndShard();
        Demand(await records.FlushAsync());
        Demand(await target.CommitAsync(lowest));
    }

    private static long LowestOf(SessionRecordSnapshot session) => session.Items()
        .Select(item => item.Message.Offset).Where(offset => offset >= 0).DefaultIfEmpty(long.MaxValue).Min();

    private static void Demand(LogReply reply) => Demand(reply.Result, reply.Fault);

    private static void Demand(LogResult result, LogFault? fault)
    {
        if (result != LogResult.Ok)
        {
            throw new ExportException($"The data directory cannot be written: {fault?.ToString() ?? result.ToString()}");
        }
    }

    private void EndBatch()
    {
        if (_batch.Count == 0)
        {
            return;
        }

        _full.Add(_batch);
        _fullBytes += _batch.Bytes;
        _batch = _spare.TryPop(out var spare) ? spare : new LogBatch(BlockBytes * 2);
    }

    private async ValueTask FlushAsync()
    {
        var appends = _full.ConvertAll(batch => _log.AppendAsync(batch).AsTask());
        foreach (var reply in await Task.WhenAll(appends))
        {
            Demand(reply.Result, reply.Fault);
        }

        foreach (var batch in _full)
        {
            batch.Clear();
            if (_spare.Count < GroupBytes / BlockBytes)
            {
                _spare.Push(batch);
            }
        }
        _full.Clear();
        _fullBytes = 0;
        if (_log.NextOffset + _batch.Count != _next)
        {
            throw new InvalidOperationException("Another writer has the log.");
        }
    }
}
