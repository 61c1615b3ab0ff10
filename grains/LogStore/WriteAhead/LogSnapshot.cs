using System.Security.Cryptography;
using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>Writes a snapshot to a file beside the segments, which counts as soon as the manifest names it.</summary>
internal sealed class LogSnapshot : ILogSnapshot
{
    private readonly WriteAheadLog _log;
    private readonly StorageContext _context;
    private readonly long _epoch;
    private SnapshotEntry _entry;
    private Segment? _file;
    private LogReply? _refusal;
    private bool _isCommitted;

    internal LogSnapshot(WriteAheadLog log, StorageContext context, long epoch, long offset)
    {
        (_log, _context, _epoch) = (log, context, epoch);
        _entry = new SnapshotEntry(offset, epoch, SegmentHeader.Size, 0, (uint)RandomNumberGenerator.GetInt32(int.MaxValue));
    }

    public ValueTask<LogReply> AddAsync(LogBatch batch) => Run(file =>
    {
        batch.Finish(_entry.Count, _entry.Count, _entry.Salt);
        file.Write(batch.Block.Span, _entry.DataEnd);
        _entry = _entry with { DataEnd = _entry.DataEnd + batch.Bytes, Count = _entry.Count + batch.Count };
    });

    public async ValueTask<LogReply> CommitAsync(long keepFrom)
    {
        var written = await Run(file => file.Flush()).ConfigureAwait(false);
        if (written.Result != LogResult.Ok)
        {
            return written;
        }

        var reply = await _log.CommitSnapshotAsync(_epoch, _entry, keepFrom).ConfigureAwait(false);
        _isCommitted = reply.Result is LogResult.Ok or LogResult.Failed; // failed: the next opening finds out
        return reply;
    }

    public async ValueTask DisposeAsync()
    {
        if (_file is null)
        {
            return;
        }

        _file.Dispose();
        if (!_isCommitted)
        {
            await _log.DiscardAsync(_file.Path).ConfigureAwait(false);
        }

        _file = null;
    }

    private ValueTask<LogReply> Run(Action<IDiskFile> write)
    {
        var change = new LogChange<LogReply>(() => _refusal ?? TryWrite(write));
        _context.Writers.Queue(change.RunAlone);
        return new ValueTask<LogReply>(change.Task);
    }

    private LogReply TryWrite(Action<IDiskFile> write)
    {
        try
        {
            _file ??= Segment.Create(
                _context.Disk, $"{_log.Name}/{_entry.FileName}", _entry.AsSegment, SegmentKind.Snapshot, _entry.Offset);
            write(_file.File);
            return LogReply.Ok;
        }
        catch (IOException e)
        {
            var result = e is DiskFullException ? LogResult.Full : LogResult.Failed;
            return _refusal = new LogReply(result, new LogFault(_context.Disk.FullName($"{_log.Name}/{_entry.FileName}"), _entry.DataEnd, e.Message));
        }
    }
}
