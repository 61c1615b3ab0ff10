using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Grains.Retained;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Codec;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>
/// One process of the broker: gateway, grains and logs, from its start to its death, with all that goes wrong around it. Dying is one
/// moment: the disk takes nothing more and the network is cut before anything in the process could tell of it.
/// </summary>
internal sealed class BrokerLife
{
    public const long LeastFree = 12_000;

    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly List<MemoryClient> _clients = [];
    private readonly FaultPlan _calls;
    private readonly CrashPlan _plan;
    private readonly int _number;
    private readonly FaultCounts _counts;
    private readonly Action<string> _note;
    private KillPoint? _armed;
    private int _left;
    private bool _isDead;
    private int _logged;

    /// <param name="plan">Of the round.</param>
    /// <param name="number">How many-th life of its broker.</param>
    /// <param name="disk">As the last life left it.</param>
    /// <param name="time">Stands still when this life ends.</param>
    /// <param name="watch">Of all lives.</param>
    /// <param name="counts">Of the round.</param>
    /// <param name="note">For the trace.</param>
    /// <param name="point">Where it is to die while it starts; null: nowhere.</param>
    public BrokerLife(
        CrashPlan plan, int number, SimulatedDisk disk, ManualTimeProvider time, WriterWatch watch, FaultCounts counts, Action<string> note,
        KillPoint? point)
    {
        (_plan, _number, _counts, _note, Disk) = (plan, number, counts, note, disk);
        Executor = new StepExecutor(plan.RandomOf(number, salt: 2)) { IsHeld = false };
        _calls = new FaultPlan { Seed = plan.Seed * 1_000 + number, MaximumDelay = LongestDelay, Script = AtCall, Crashed = DieAtCall, Injected = OnInjected };
        LogFaults = new LogFaults { Seed = plan.Seed * 1_000 + number, MaximumDelay = LongestDelay, Script = AtLog, Crashed = DieAtLog, Injected = OnInjected };
        Gateway = InMemoryGateway.Create(time, plan.Configure, services => Configure(services, time, watch));
        disk.PowerFailed = () => Die("the disk");
        disk.Fault = DiskFault;
        IsTroubled = disk.Capacity != long.MaxValue;
        Arm(point);
        Started = Gateway.StartServicesAsync();
    }

    public InMemoryGateway Gateway { get; }

    public SimulatedDisk Disk { get; }

    public StepExecutor Executor { get; }

    public LogFaults LogFaults { get; }

    /// <summary>Completes when clients may connect.</summary>
    public Task Started { get; }

    public bool IsDead => Volatile.Read(ref _isDead);

    /// <summary>Something has gone wrong in this life: from then on the broker may refuse things, and end connections.</summary>
    public bool IsTroubled { get; private set; }

    /// <summary>Breaks the so many-th write or flush from now on; negative: none.</summary>
    public int DiskFaultIn { get; set; } = -1;

    public DiskOperation DiskFaultOf { get; set; }

    public MemoryClient Open()
    {
        var client = Gateway.Open();
        lock (_lock)
        {
            _clients.Add(client);
        }

        return client;
    }

    /// <summary>Calls and logs meet faults at random from here on, or none.</summary>
    public void SetChances(double chance)
    {
        (_calls.Delay, _calls.Reorder, _calls.Duplicate, _calls.TimeoutBefore, _calls.TimeoutAfter, _calls.SecondActivation, _calls.LateAnswer) =
            (chance, chance / 2, chance, chance / 2, chance / 2, chance / 4, chance / 2);
        LogChance = chance;
    }

    public double LogChance { get; private set; }

    public void Arm(KillPoint? point)
    {
        Disk.OperationsLeft = point is { Place: KillPlace.Disk } ? point.Countdown : null;
        (_left, _armed) = (point?.Countdown ?? 0, point);
    }

    public void Count(string kind)
    {
        IsTroubled = true;
        _counts.Add(kind);
        _note(kind);
    }

    /// <summary>The process ends now, whichever thread is at whatever.</summary>
    public void Die(string where)
    {
        if (Interlocked.Exchange(ref _isDead, true))
        {
            return;
        }

        Disk.TurnOff();
        lock (_lock)
        {
            _clients.ForEach(client => client.Drop());
        }

        IsTroubled = true;
        _counts.AddDeath(where);
        _note($"the broker dies at {where}");
    }

    /// <summary>What it logged since the last call goes into the trace.</summary>
    public void NoteLog()
    {
        foreach (var line in Gateway.Log.Lines.Skip(_logged))
        {
            _note($"  log: {line.Level} {line.EventId} {line.Message} {line.Exception?.Message}");
            _logged++;
        }
    }

    private void Configure(IServiceCollection services, ManualTimeProvider time, WriterWatch watch)
    {
        var logs = new SegmentLogStore(
            Disk, Executor, new LogStoreOptions { SegmentBytes = _plan.SegmentBytes, MinFreeBytes = LeastFree }, time, NullLogger<SegmentLogStore>.Instance);
        var faulty = new FaultyLogStore(new WatchedLogStore(logs, watch), LogFaults, time);
        services.AddLogging(builder => builder.SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton<ILogStore>(faulty);
        services.AddSingleton<IJournalStore<SessionSnapshot, SessionChange>>(new FrequentSnapshots<SessionSnapshot, SessionChange>(
            new LogJournalStore<SessionSnapshot, SessionChange>(faulty, new SessionCodec()), _plan.SnapshotAfter));
        services.AddSingleton<IJournalStore<RetainSnapshot, RetainChange>>(new FrequentSnapshots<RetainSnapshot, RetainChange>(
            new LogJournalStore<RetainSnapshot, RetainChange>(faulty, new RetainCodec()), _plan.SnapshotAfter));
        services.Configure<SimulatedClusterOptions>(cluster => (cluster.Seed, cluster.Faults) = (_calls.Seed, _calls));
    }

    private CallFault? AtCall(FaultyCall call) =>
        _armed is { Place: KillPlace.Call } point && Interlocked.Decrement(ref _left) == 0
            ? point.IsAfter ? CallFault.CrashAfter : CallFault.CrashBefore
            : null;

    private LogFaultKind? AtLog(LogFaultPoint point)
    {
        if (_armed is { Place: KillPlace.Log } && Interlocked.Decrement(ref _left) == 0)
        {
            return LogFaultKind.Crash;
        }

        // answers may be late; a call that is late itself would break the order of calls that a log promises to keep
        var random = _plan.RandomOf(point.Number * 31 + point.Log[0], salt: _number + 100);
        return random.NextDouble() >= LogChance ? LogFaultKind.None
            : point.IsDone ? LogFaultKind.Delay
            : random.Next(8) switch { 0 => LogFaultKind.Failed, < 3 => LogFaultKind.Full, _ => LogFaultKind.None };
    }

    private IOException? DiskFault(DiskOperation operation, string file)
    {
        if (DiskFaultIn < 0 || operation != DiskFaultOf || DiskFaultIn-- > 0)
        {
            return null;
        }

        Count(operation == DiskOperation.Flush ? "failed fsync" : "failed write");
        return new IOException($"The simulated disk failed at {operation} of {file}.");
    }

    private void DieAtCall(FaultyCall call) => Die($"{call.Method} {(_armed?.IsAfter == true ? "answered" : "called")}");

    private void DieAtLog(LogFaultPoint point) => Die($"{point.Operation} of {point.Log} {(point.IsDone ? "done" : "asked")}");

    private void OnInjected(FaultyCall call, CallFault fault)
    {
        if (fault is not (CallFault.CrashBefore or CallFault.CrashAfter))
        {
            Count(fault switch
            {
                CallFault.Delay => "delayed call",
                CallFault.Reorder => "reordered call",
                CallFault.Duplicate => "duplicated call",
                CallFault.TimeoutBefore => "lost call",
                CallFault.TimeoutAfter => "lost answer",
                CallFault.LateAnswer => "late answer",
                _ => "second activation",
            });
            _note($"  {call.Method} to {call.Grain}");
        }
    }

    private void OnInjected(LogFaultPoint point, LogFaultKind fault)
    {
        if (fault != LogFaultKind.Crash)
        {
            Count($"log {(fault == LogFaultKind.Delay ? "answers late" : fault == LogFaultKind.Full ? "is full" : "has failed")}");
            _note($"  {point.Operation} of {point.Log}");
        }
    }
}
