using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>
/// One log on its disk, whatever the epoch of its writer. What changes it runs in its lane, one change after the other, and needs no lock:
/// opening, groups of appends, commits of snapshots, the end. Readers take a view.
/// </summary>
internal sealed partial class WriteAheadLog
{
    private readonly StorageContext _context;
    private readonly LogLane _lane;
    private readonly FindingReports _reports;
    private readonly WriterState _writer;
    private readonly LogDirectory _directory;
    private readonly LogTail _tail;
    private readonly GroupCommit _appends;
    private readonly LogReader _reader;
    private bool _isLoaded; // of the lane alone

    public WriteAheadLog(string name, StorageContext context)
    {
        (Name, _context) = (name, context);
        _lane = new LogLane(context.Writers, CarryOut);
        _reports = new FindingReports(name, context);
        _writer = new WriterState(name, context);
        _directory = new LogDirectory(name, context);
        _tail = new LogTail(context, _directory, _writer);
        _appends = new GroupCommit(name, context, _directory, _writer, _tail);
        _reader = new LogReader(context, _directory, _reports);
        context.Metrics?.Report(name, Amounts);
    }

    public string Name { get; }

    public LogView View => _directory.View;

    public bool IsCurrent(long epoch) => _writer.IsCurrent(epoch);

    public ValueTask<LogOpening> OpenAsync(long leastEpoch) => Post(() => Open(leastEpoch));

    public ValueTask<AppendReply> AppendAsync(long epoch, LogBatch batch)
    {
        if (batch.Count == 0)
        {
            throw new ArgumentException("A batch without records has nothing to append.", nameof(batch));
        }

        var append = new AppendChange(epoch, batch);
        _lane.Post(append);
        return new ValueTask<AppendReply>(append.Task);
    }

    public ValueTask<ReadReply> ReadAsync(long from, LogPage page) => _reader.ReadAsync(from, page);

    public ValueTask<ReadReply> ReadSnapshotAsync(long from, LogPage page) => _reader.ReadSnapshotAsync(from, page);

    public LogSnapshot BeginSnapshot(long epoch, long offset) => new(this, _context, epoch, offset);

    /// <summary>Commits a snapshot whose file is whole.</summary>
    public ValueTask<LogReply> CommitSnapshotAsync(long epoch, SnapshotEntry snapshot, long keepFrom) =>
        Post(() => Commit(epoch, snapshot, Math.Min(snapshot.Offset, keepFrom)));

    /// <summary>Removes the file of a snapshot that was given up.</summary>
    public ValueTask<LogReply> DiscardAsync(string path) => Post(() =>
    {
        _directory.Discard(path);
        return LogReply.Ok;
    });

    /// <summary>Seals the log and closes its files; every writer is fenced.</summary>
    public ValueTask<LogReply> CloseAsync() => Post(Close);

    private LogAmounts Amounts()
    {
        var view = View;
        var bytes = view.Segments.Sum(segment => segment.Extent.DataEnd) + (view.Snapshot?.Entry.DataEnd ?? 0);
        return new LogAmounts(view.Segments.Length, bytes, _writer.IsFull);
    }

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
                _appends.Add(append);
                continue;
            }
            _appends.Run();
            CarryOut(change);
        }
        _appends.Run();
    }

    private void CarryOut(LogChange change)
    {
        try
        {
            change.Run();
        }
        catch (Exception e) // the state of the log is unknown
        {
            _writer.Fail(_directory.ManifestName, 0, e);
            change.Throw(e);
        }
    }

    private LogOpening Open(long leastEpoch)
    {
        try
        {
            IReadOnlyList<LogFinding> findings = [];
            if (!_isLoaded || _writer.Fault is not null)
            {
                var recovery = new LogRecovery(Name, _context, _directory);
                if (recovery.Run(_tail.Open) is { } refusal)
                {
                    return LogOpening.Refused(LogResult.Damaged, refusal);
                }

                _directory.Load(recovery.Manifest, [.. recovery.Segments]);
                _tail.Load(recovery);
                _isLoaded = true;
                findings = recovery.Findings;
            }

            var epoch = _writer.NextEpoch(_directory.Manifest.Epoch, leastEpoch);
            _tail.TryBegin(epoch);
            _writer.Begin(epoch);
            LogOpened(_context.Logger, Name, epoch, View.FirstOffset, _tail.Next);
            foreach (var finding in findings)
            {
                _reports.Report(finding);
            }

            return new LogOpening(LogResult.Ok, new LogHandle(this, epoch), null, findings, _tail.Hlc);
        }
        catch (DiskFullException e)
        {
            return LogOpening.Refused(LogResult.Full, _writer.Full(e.Message));
        }
        catch (IOException e)
        {
            return LogOpening.Refused(LogResult.Failed, _writer.Fail(_directory.ManifestName, 0, e));
        }
    }

    private LogReply Commit(long epoch, SnapshotEntry snapshot, long keepFrom)
    {
        if (!IsCurrent(epoch))
        {
            return LogReply.Fenced;
        }

        if (_writer.Fault is { } fault)
        {
            return new LogReply(LogResult.Failed, fault);
        }

        try
        {
            _tail.Commit(snapshot, keepFrom);
            return LogReply.Ok;
        }
        catch (DiskFullException e)
        {
            return new LogReply(LogResult.Full, new LogFault(_directory.FullName, 0, e.Message));
        }
        catch (Exception e) // the state of the log is unknown
        {
            return new LogReply(LogResult.Failed, _writer.Fail(_directory.ManifestName, 0, e));
        }
    }

    private LogReply Close()
    {
        var canSeal = _tail.CanSeal && _writer.Fault is null;
        _writer.Close();
        if (canSeal)
        {
            Seal();
        }

        _directory.Close();
        _isLoaded = false;
        return LogReply.Ok;
    }

    /// <summary>A log that cannot be sealed is recovered by the next opening like one that crashed.</summary>
    private void Seal()
    {
        try
        {
            _tail.Seal();
        }
        catch (DiskFullException)
        {
            // nothing has changed
        }
        catch (Exception e) // the state of the log is unknown
        {
            _writer.Fail(_directory.ManifestName, 0, e);
        }
    }
}
