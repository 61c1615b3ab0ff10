using System.Collections.Concurrent;
using GrainMQ.Grains.LogStore;

namespace GrainMQ.Tests.Testing.LogStore;

public enum LogFaultKind
{
    None,

    /// <summary>The disk is slow.</summary>
    Delay,

    /// <summary>Answered Full, nothing done.</summary>
    Full,

    /// <summary>Answered Failed, nothing done; the log stays failed until it is opened again.</summary>
    Failed,

    /// <summary>The process dies at this await: <see cref="LogFaults.Crashed"/> is called, and the caller never gets an answer.</summary>
    Crash,
}

/// <summary>One await of the code under test: before the store did what it was asked, or after.</summary>
/// <param name="Log">Name of the log.</param>
/// <param name="Operation">Open, Append, Read or Snapshot.</param>
/// <param name="IsDone">Whether the store has done it.</param>
/// <param name="Number">Counts the awaits of this log.</param>
public readonly record struct LogFaultPoint(string Log, string Operation, bool IsDone, int Number);

/// <summary>Decides at every await of a log what happens there; the same seed decides the same for the same sequence of calls of a log.</summary>
public sealed class LogFaults
{
    private readonly ConcurrentDictionary<string, int> _numbers = new();

    public int Seed { get; init; }

    public double Delay { get; init; }

    public double Full { get; init; }

    public double Failed { get; init; }

    public double Crash { get; init; }

    public TimeSpan MaximumDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Decides instead of the chances where it returns something.</summary>
    public Func<LogFaultPoint, LogFaultKind?> Script { get; set; } = _ => null;

    /// <summary>Ends the simulated process.</summary>
    public Action<LogFaultPoint> Crashed { get; set; } = _ => { };

    /// <summary>Told of each fault, to count them.</summary>
    public Action<LogFaultPoint, LogFaultKind> Injected { get; set; } = (_, _) => { };

    internal (LogFaultKind Kind, TimeSpan Delay) Decide(string log, string operation, bool isDone)
    {
        var point = new LogFaultPoint(log, operation, isDone, _numbers.AddOrUpdate(log, 1, (_, number) => number + 1));
        var random = new Random(unchecked(Seed * 92_821 + point.Number * 7_919) ^ StableHash(log));
        var kind = Script(point) ?? Draw(random.NextDouble());
        if (isDone && kind is LogFaultKind.Full or LogFaultKind.Failed)
        {
            kind = LogFaultKind.None; // it was done, so the answer says so
        }

        if (kind != LogFaultKind.None)
        {
            Injected(point, kind);
        }

        if (kind == LogFaultKind.Crash)
        {
            Crashed(point);
        }

        return (kind, random.NextDouble() * MaximumDelay);
    }

    private LogFaultKind Draw(double chance) =>
        (chance -= Delay) < 0 ? LogFaultKind.Delay
        : (chance -= Full) < 0 ? LogFaultKind.Full
        : (chance -= Failed) < 0 ? LogFaultKind.Failed
        : chance - Crash < 0 ? LogFaultKind.Crash
        : LogFaultKind.None;

    private static int StableHash(string text) => text.Aggregate(17, (hash, character) => unchecked(hash * 31 + character));
}

/// <summary>Puts faults around another store, at every await.</summary>
public sealed class FaultyLogStore(ILogStore inner, LogFaults faults, TimeProvider time) : PassingLogStore(inner)
{
    public override ValueTask<LogOpening> OpenAsync(string name, long leastEpoch) => RunAsync(
        name, "Open", () => base.OpenAsync(name, leastEpoch), (result, fault) => new LogOpening(result, null, fault, [], 0));

    protected override IWriteAheadLog Wrap(IWriteAheadLog log) => new FaultyLog(this, log);

    private async ValueTask<T> RunAsync<T>(string log, string operation, Func<ValueTask<T>> body, Func<LogResult, LogFault, T> refuse)
    {
        switch (await MeetAsync(log, operation, isDone: false))
        {
            case LogFaultKind.Full:
                return refuse(LogResult.Full, new LogFault(log, 0, "The faulty store says that it is full."));
            case LogFaultKind.Failed:
                return refuse(LogResult.Failed, new LogFault(log, 0, "The faulty store says that it failed."));
        }
        var reply = await body();
        await MeetAsync(log, operation, isDone: true);
        return reply;
    }

    private async ValueTask<LogFaultKind> MeetAsync(string log, string operation, bool isDone)
    {
        var (kind, delay) = faults.Decide(log, operation, isDone);
        if (kind == LogFaultKind.Delay)
        {
            await Task.Delay(delay, time);
        }

        if (kind == LogFaultKind.Crash)
        {
            await new TaskCompletionSource().Task; // the dead get no answer
        }

        return kind;
    }

    private sealed class FaultyLog(FaultyLogStore store, IWriteAheadLog log) : PassingLog(log)
    {
        private LogFault? _failure;

        public override async ValueTask<AppendReply> AppendAsync(LogBatch batch)
        {
            if (_failure is not null && await IsCurrentAsync())
            {
                return new AppendReply(LogResult.Failed, 0, _failure);
            }

            var reply = await store.RunAsync(Name, "Append", () => base.AppendAsync(batch), (result, fault) => new AppendReply(result, 0, fault));
            if (reply.Result == LogResult.Failed)
            {
                _failure = reply.Fault;
            }

            return reply;
        }

        public override ValueTask<ReadReply> ReadAsync(long from, LogPage page) => store.RunAsync(
            Name, "Read", () => base.ReadAsync(from, page), (_, fault) => new ReadReply(LogResult.Failed, from, fault));

        public override ValueTask<ReadReply> ReadSnapshotAsync(long from, LogPage page) => store.RunAsync(
            Name, "Read", () => base.ReadSnapshotAsync(from, page), (_, fault) => new ReadReply(LogResult.Failed, from, fault));

        public override ILogSnapshot BeginSnapshot(long offset) => new FaultySnapshot(store, Name, base.BeginSnapshot(offset));
    }

    private sealed class FaultySnapshot(FaultyLogStore store, string name, ILogSnapshot snapshot) : ILogSnapshot
    {
        public ValueTask<LogReply> AddAsync(LogBatch batch) => RunAsync(() => snapshot.AddAsync(batch));

        public ValueTask<LogReply> CommitAsync(long keepFrom) => RunAsync(() => snapshot.CommitAsync(keepFrom));

        public ValueTask DisposeAsync() => snapshot.DisposeAsync();

        private ValueTask<LogReply> RunAsync(Func<ValueTask<LogReply>> body) =>
            store.RunAsync(name, "Snapshot", body, (result, fault) => new LogReply(result, fault));
    }
}
