using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Grains.LogStore;

/// <summary>
/// A random schedule against one log on a simulated disk: appends (several under way), rolls, snapshots with and without records, reads, a second writer,
/// a full or failing disk, kills and power cuts at any disk operation. After each of them the log is held against the model.
/// </summary>
internal sealed class LogSimulation
{
    private const string Name = "log/0";
    private const int Marks = 12;

    private readonly List<string> _trace = [];
    private readonly List<(TestRecord[] Records, Task<AppendReply> Reply)> _underWay = [];
    private readonly LogModel _model = new();
    private readonly ManualTimeProvider _time = new();
    private readonly LogPage _page;
    private readonly Random _random;
    private StepExecutor _executor;
    private SimulatedDisk _disk;
    private SegmentLogStore _store;
    private IWriteAheadLog? _log;
    private List<(long Offset, int Count)> _snapshots = [(0, 0)]; // those that may be in force
    private long _ids;
    private bool _isCrashed;

    public LogSimulation(int seed)
    {
        _random = new Random(seed);
        _page = new LogPage(_random.Next(1, 20_000));
        _disk = new SimulatedDisk(_random);
        (_executor, _store) = Start();
    }

    /// <summary>The last steps, for a message.</summary>
    public string Trace => string.Join('\n', _trace.TakeLast(30));

    public int Crashes { get; private set; }

    public void Run(int steps)
    {
        Reopen();
        for (var step = 0; step < steps; step++)
        {
            Step();
        }

        _disk.OperationsLeft = null;
        _disk.Fault = (_, _) => null;
        _disk.Capacity = long.MaxValue;
        if (_isCrashed)
        {
            Crash();
        }

        Reopen();
        CheckAll();
    }

    private void Step()
    {
        switch (_random.Next(100))
        {
            case < 55: Append(); break;
            case < 60: Settle(); break;
            case < 68: TakeSnapshot(isBefore: true); break;
            case < 73: TakeSnapshot(isBefore: false); break;
            case < 78: ReadFrom(); break;
            case < 82: Reopen(); break;
            case < 84: Restart(); break;
            case < 88: BreakDisk(); break;
            case < 91: _time.Advance(TimeSpan.FromMinutes(_random.Next(1, 50))); break;
            case < 96: _disk.OperationsLeft = _random.Next(1, 30); break;
            default: CrashNow(); break;
        }
        if (_isCrashed)
        {
            Crash();
        }
    }

    private (StepExecutor, SegmentLogStore) Start()
    {
        var executor = new StepExecutor(_random);
        var options = new LogStoreOptions { SegmentBytes = _random.Next(4_096, 40_000), MinFreeBytes = 1_000 };
        return (executor, new SegmentLogStore(_disk, executor, options, _time, NullLogger<SegmentLogStore>.Instance));
    }

    private void Append()
    {
        if (_log is null)
        {
            return;
        }

        for (var count = _random.Next(1, 4); count > 0; count--)
        {
            var records = Enumerable.Range(0, _random.Next(1, 9)).Select(_ => NewRecord()).ToArray();
            var batch = BatchOf(records);
            _underWay.Add((records, _log.AppendAsync(batch).AsTask()));
            _trace.Add($"append {records[0].Id}..{records[^1].Id}");
        }
        if (_random.Next(3) > 0)
        {
            Settle();
        }
    }

    private TestRecord NewRecord() =>
        new(++_ids, _random.Next(Marks), _random.Next(50) == 0 ? _random.Next(9_000) : _random.Next(120));

    private static LogBatch BatchOf(TestRecord[] records)
    {
        var batch = new LogBatch(1_024);
        foreach (var record in records)
        {
            record.AddTo(batch);
        }

        return batch;
    }

    /// <summary>Lets the storage do what it has to, and notes the answers.</summary>
    private void Settle()
    {
        _executor.RunAll();
        foreach (var (records, reply) in _underWay)
        {
            Note(records, reply);
        }

        _underWay.Clear();
    }

    private void Note(TestRecord[] records, Task<AppendReply> reply)
    {
        Assert.True(reply.IsCompleted, "the store has nothing to do and an append has no answer");
        if (reply.IsFaulted)
        {
            Assert.IsType<PowerLossException>(reply.Exception?.InnerException);
            _isCrashed = true;
            _model.Unanswered(records);
            return;
        }
        var (result, first, _) = reply.Result;
        _trace.Add($"  {records[0].Id}: {result} {first}");
        if (result == LogResult.Ok)
        {
            _model.Acknowledged(first, records);
        }
        else if (result == LogResult.Failed)
        {
            _model.Unanswered(records);
        }
        else
        {
            Assert.Equal(LogResult.Full, result);
        }
    }

    /// <summary>The answer, or null when the power failed meanwhile.</summary>
    private T? Await<T>(ValueTask<T> call)
    {
        var task = call.AsTask();
        _executor.RunUntil(task);
        Settle();
        _isCrashed |= task.IsFaulted;
        if (task.IsFaulted)
        {
            Assert.IsType<PowerLossException>(task.Exception?.InnerException);
        }

        return task.IsFaulted ? default : task.Result;
    }

    /// <param name="isBefore">The snapshot is one of an earlier moment, so that it stands for a part of the segments.</param>
    private void TakeSnapshot(bool isBefore)
    {
        if (_log is null)
        {
            return;
        }

        Settle();
        var offset = isBefore ? _random.NextInt64(_log.FirstOffset, _log.NextOffset + 1) : _log.NextOffset;
        var keepFrom = _random.Next(3) == 0 ? _random.NextInt64(_log.FirstOffset, _log.NextOffset + 1) : long.MaxValue;
        var count = 0;
        var snapshot = _log.BeginSnapshot(offset);
        for (var batches = _random.Next(4); batches > 0; batches--)
        {
            var records = Enumerable.Range(0, 5).Select(index => new TestRecord(offset * 100 + count + index, 0, 40)).ToArray();
            if (Await(snapshot.AddAsync(BatchOf(records)))?.Result != LogResult.Ok)
            {
                Dispose(snapshot);
                return;
            }
            count += records.Length;
        }
        _model.Trimmed(Math.Min(offset, keepFrom));
        var reply = Await(snapshot.CommitAsync(keepFrom));
        _trace.Add($"snapshot {offset}, kept from {keepFrom}: {reply?.Result}");
        if (reply?.Result == LogResult.Ok)
        {
            _snapshots = [(offset, count)];
        }
        else if (reply is null || reply.Result == LogResult.Failed)
        {
            _snapshots.Add((offset, count));
        }

        Dispose(snapshot);
    }

    private void Dispose(ILogSnapshot snapshot)
    {
        var disposal = snapshot.DisposeAsync().AsTask();
        _executor.RunUntil(disposal);
        _isCrashed |= disposal.IsFaulted;
    }

    private void ReadFrom()
    {
        if (_log is null)
        {
            return;
        }

        Settle();
        var from = _random.NextInt64(_log.FirstOffset, _log.NextOffset + 1);
        if (ReadAll() is { } all && ReadAll(from) is { } some)
        {
            Assert.Equal(all.Where(entry => entry.Offset >= from), some);
        }
    }

    private List<(long Offset, TestRecord Record)>? ReadAll(long? from = null)
    {
        var log = _log ?? throw new InvalidOperationException("The log is not open.");
        var read = new List<(long, TestRecord)>();
        for (var offset = from ?? log.FirstOffset; ;)
        {
            var reply = Await(log.ReadAsync(offset, _page));
            if (_isCrashed)
            {
                return null;
            }

            Assert.Equal((LogResult.Ok, null), (reply.Result, reply.Fault));
            foreach (var record in _page)
            {
                read.Add((record.Offset, TestRecord.Of(record)));
            }

            if (reply.NextOffset >= log.NextOffset)
            {
                return read;
            }

            Assert.True(reply.NextOffset > offset, "reading does not get on");
            offset = reply.NextOffset;
        }
    }

    private void Reopen()
    {
        Settle();
        var before = _log;
        var opening = Await(_store.OpenAsync(Name, _random.Next(100)));
        if (_isCrashed)
        {
            return;
        }

        _trace.Add($"open: {opening?.Result} {opening?.Log?.Epoch}, {string.Join(", ", opening?.Findings.Select(finding => finding.Kind) ?? [])}");
        _log = opening?.Log;
        if (_log is null)
        {
            Assert.Contains(opening?.Result, new LogResult?[] { LogResult.Full, LogResult.Failed });
            return;
        }
        Assert.All(opening?.Findings ?? [], finding => Assert.Equal(LogFindingKind.CutTail, finding.Kind));
        CheckFenced(before);
        CheckAll();
    }

    private void CheckFenced(IWriteAheadLog? zombie)
    {
        if (zombie is null)
        {
            return;
        }

        var append = Await(zombie.AppendAsync(BatchOf([NewRecord()])));
        Assert.True(_isCrashed || append.Result == LogResult.Fenced, "two may write");
        if (_isCrashed)
        {
            return;
        }

        var snapshot = zombie.BeginSnapshot(zombie.NextOffset);
        var commit = Await(snapshot.CommitAsync());
        Dispose(snapshot);
        Assert.True(_isCrashed || commit?.Result != LogResult.Ok, "two may write");
    }

    private void CheckAll()
    {
        if (_log is null || ReadAll() is not { } all)
        {
            return;
        }

        _model.Check(_log.FirstOffset, all);
        CheckSnapshot();
    }

    private void CheckSnapshot()
    {
        var info = _log?.Snapshot;
        var known = _snapshots.Last(snapshot => snapshot.Offset == (info?.Offset ?? 0) && snapshot.Count == (info?.Count ?? 0));
        _snapshots = [known];
        var seen = 0;
        while (seen < known.Count)
        {
            var reply = Await(_log!.ReadSnapshotAsync(seen, _page)); // only an open log is checked
            if (_isCrashed)
            {
                return;
            }

            Assert.Equal((LogResult.Ok, null), (reply.Result, reply.Fault));
            foreach (var record in _page)
            {
                Assert.Equal(known.Offset * 100 + seen++, TestRecord.Of(record).Id);
            }
        }
    }

    /// <summary>An orderly stop and start.</summary>
    private void Restart()
    {
        Settle();
        var stop = _store.DisposeAsync().AsTask();
        _executor.RunUntil(stop);
        _isCrashed |= stop.IsFaulted;
        if (_isCrashed)
        {
            return;
        }

        _trace.Add("restart");
        _disk = _disk.Kill();
        (_executor, _store) = Start();
        _log = null;
        Reopen();
    }

    private void BreakDisk()
    {
        var operation = (DiskOperation)_random.Next((int)DiskOperation.Write, (int)DiskOperation.FlushDirectory + 1);
        var isFull = _random.Next(2) == 0;
        var left = _random.Next(1, 3);
        _trace.Add($"break {operation}, full {isFull}, {left} times");
        _disk.Fault = (met, _) => met == operation && left-- > 0 ? isFull ? new DiskFullException("full") : new IOException("broken") : null;
        _disk.Capacity = _random.Next(3) == 0 ? 60_000 : long.MaxValue;
    }

    private void CrashNow()
    {
        if (_random.Next(2) == 0)
        {
            Settle();
        }

        _isCrashed = true;
    }

    private void Crash()
    {
        Crashes++;
        foreach (var (records, reply) in _underWay)
        {
            if (!reply.IsCompleted)
            {
                _model.Unanswered(records);
            }
            else
            {
                Note(records, reply);
            }
        }

        _underWay.Clear();
        _isCrashed = false;
        var isPowerCut = _random.Next(3) > 0;
        _trace.Add(isPowerCut ? "power cut" : "kill");
        _disk = isPowerCut ? _disk.PowerCut() : _disk.Kill();
        (_executor, _store) = Start();
        _log = null;
        if (_random.Next(3) == 0)
        {
            _disk.OperationsLeft = _random.Next(1, 60); // and soon again
        }

        Reopen();
        if (_isCrashed)
        {
            Crash();
        }
    }
}
