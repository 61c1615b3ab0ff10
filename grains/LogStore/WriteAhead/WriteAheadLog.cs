using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>
/// One log on its disk, whatever its epoch. Everything that changes it runs in its lane and needs no lock; readers take a view, which is
/// exchanged as a whole.
/// </summary>
internal sealed partial class WriteAheadLog
{
    private const int GroupBytes = 8 << 20;
    private const int MaxProducers = 4_096;

    /// <summary>The epoch of nobody: every writer is fenced.</summary>
    private const long Closed = long.MaxValue;

    private readonly string _name;
    private readonly StorageContext _context;
    private readonly LogLane _lane;

    // Of the lane alone.
    private readonly List<AppendChange> _group = [];
    private Dictionary<ulong, ProducerEntry> _producers = [];
    private Manifest _manifest = Manifest.Empty;
    private Segment? _open;
    private bool _isLoaded;
    private bool _isFull;
    private long _next;
    private ulong _hlc;

    // Of everybody.
    private readonly HashSet<LogFinding> _reported = [];
    private LogView _view = new([], null, 0);
    private LogFault? _fault;
    private long _epoch;

    public WriteAheadLog(string name, StorageContext context)
    {
        (_name, _context) = (name, context);
        _lane = new LogLane(context.Writers, CarryOut);
        context.Metrics?.Report(name, Amounts);
    }

    public string Name => _name;

    public LogView View => Volatile.Read(ref _view);

    public bool IsCurrent(long epoch) => Volatile.Read(ref _epoch) == epoch;

    public ValueTask<LogOpening> OpenAsync(long leastEpoch) => Post(() => Open(leastEpoch));

    public ValueTask<LogReply> TrimAsync(long epoch, long below) => Post(() => Guarded(epoch, () => Trim(below)));

    public ValueTask<LogReply> CommitSnapshotAsync(long epoch, SnapshotEntry snapshot, long keepFrom) =>
        Post(() => Guarded(epoch, () => CommitSnapshot(snapshot, Math.Min(snapshot.Offset, keepFrom))));

    public ValueTask<LogReply> CloseAsync() => Post(Close);

    private LogAmounts Amounts()
    {
        var view = View;
        var bytes = view.Segments.Sum(segment => segment.Extent.DataEnd) + (view.Snapshot?.Entry.DataEnd ?? 0);
        return new LogAmounts(view.Segments.Length, bytes, Volatile.Read(ref _isFull));
    }

    private IDisk Disk => _context.Disk;

    /// <summary>The manifest does not have the epoch yet: the disk was full when the log was opened.</summary>
    private bool IsBehind => _manifest.Epoch < _epoch;

    private long Now => _context.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private ValueTask<T> Post<T>(Func<T> body)
    {
        var change = new LogChange<T>(body);
        _lane.Post(change);
        return new ValueTask<T>(change.Task);
    }

    private void CarryOut(List<LogChange> changes)
    {
        foreach (var change in changes)
        {
            if (change is AppendChange append)
            {
                _group.Add(append);
                continue;
            }
            AppendGroup();
            CarryOut(change);
        }
        AppendGroup();
    }

    private void CarryOut(LogChange change)
    {
        try
        {
            change.Run();
        }
        catch (Exception e) // nobody knows in which state the log is now
        {
            Fail(Path(Manifest.FileName), 0, e);
            change.Throw(e);
        }
    }

    private LogReply Guarded(long epoch, Func<LogReply> body)
    {
        if (!IsCurrent(epoch))
        {
            return LogReply.Fenced;
        }

        if (_fault is not null)
        {
            return new LogReply(LogResult.Failed, _fault);
        }

        try
        {
            return body();
        }
        catch (DiskFullException e)
        {
            return new LogReply(LogResult.Full, new LogFault(Disk.FullName(_name), 0, e.Message));
        }
        catch (Exception e) // nobody knows in which state the log is now
        {
            return new LogReply(LogResult.Failed, Fail(Path(Manifest.FileName), 0, e));
        }
    }

    private LogFault Fail(string path, long position, Exception cause)
    {
        var fault = new LogFault(Disk.FullName(path), position, $"{cause.Message} The log takes nothing more until it is opened again.");
        Volatile.Write(ref _fault, fault);
        LogFailed(_context.Logger, cause, _name, fault.File, position);
        return fault;
    }

    private string Path(string fileName) => $"{_name}/{fileName}";

    private LogReply Close()
    {
        var isBegun = !IsBehind;
        Volatile.Write(ref _epoch, Closed);
        if (isBegun && _fault is null && _open is { IsEmpty: false } open)
        {
            Guarded(Closed, () => Seal(open));
        }

        foreach (var segment in _view.Segments)
        {
            segment.Dispose();
        }

        _view.Snapshot?.File.Dispose();
        _isLoaded = false;
        return LogReply.Ok;
    }

    private LogReply Seal(Segment open)
    {
        Write(_manifest with { Segments = [.. _view.Segments.Select(segment => segment.SealedEntry)], Producers = Producers(), Hlc = _hlc });
        open.WriteFooter();
        return LogReply.Ok;
    }
}

/// <summary>What a reader sees: segments in order of their offsets, without gaps other than numbers that were left out.</summary>
internal sealed record LogView(Segment[] Segments, SnapshotFile? Snapshot, long FirstOffset)
{
    public long NextOffset => Segments.Length == 0 ? FirstOffset : Segments[^1].NextOffset;
}

internal sealed record SnapshotFile(SnapshotEntry Entry, Segment File);
