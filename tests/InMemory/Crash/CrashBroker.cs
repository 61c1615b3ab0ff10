using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>A broker that is killed and started again on what its disk has kept.</summary>
internal sealed class CrashBroker(CrashPlan plan, FaultCounts counts, Action<string> note)
{
    private const int PatienceOfAStart = 60;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);

    private readonly WriterWatch _watch = new();
    private SimulatedDisk _disk = new(plan.RandomOf(0, salt: 1));
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private BrokerLife? _life;
    private long _dropped;

    public BrokerLife Life => _life ?? throw new InvalidOperationException("The broker was not started.");

    public int Lives { get; private set; }

    /// <summary>What the broker has counted as dropped because queues were full, in all its lives.</summary>
    public long Dropped => _dropped + CountedNow;

    public WriterWatch Watch => _watch;

    private long CountedNow => _life?.Gateway.Metrics.Sum("grainmq.messages.dropped", "queue_full") ?? 0;

    /// <summary>Starts, as often as it takes.</summary>
    /// <param name="point">Where the first attempt is to die; null: nowhere.</param>
    public async Task StartAsync(KillPoint? point)
    {
        for (; !await TryStartAsync(point); point = null)
        {
            counts.Add("death during a start");
            End(isPowerCut: Lives % 2 == 0, TimeSpan.FromMilliseconds(100));
        }
    }

    /// <summary>What is left of the last process goes; the disk has what its rules let it keep.</summary>
    public void End(bool isPowerCut, TimeSpan downtime)
    {
        var life = Life;
        life.Die(isPowerCut ? "a power cut" : "a kill");
        life.NoteLog();
        _dropped += CountedNow;
        life.Gateway.Kill();
        _disk = isPowerCut ? _disk.PowerCut() : _disk.Kill();
        _now = life.Gateway.Time.GetUtcNow() + downtime;
        counts.Add(isPowerCut ? "power cut" : "process kill");
        note($"{(isPowerCut ? "power cut" : "process kill")}, back after {downtime.TotalSeconds} s");
    }

    /// <summary>How often each message stands in the log of the sessions.</summary>
    public async Task<Dictionary<string, int>> StoredAsync()
    {
        var store = new SegmentLogStore(_disk.Kill(), new InlineExecutor(), new LogStoreOptions(), new ManualTimeProvider(_now), NullLogger<SegmentLogStore>.Instance);
        var opening = await store.OpenAsync("sessions/0", 0);
        var log = opening.Log ?? throw new CrashModelException($"The log cannot be opened: {opening.Fault}");
        var (page, stored) = (new LogPage(), new Dictionary<string, int>());
        for (var offset = log.FirstOffset; offset < log.NextOffset;)
        {
            var reply = await log.ReadAsync(offset, page);
            if (reply.Result is not (LogResult.Ok or LogResult.Trimmed))
            {
                throw new CrashModelException($"The log cannot be read at {offset}: {reply.Result} {reply.Fault}");
            }

            Count(page, stored);
            offset = reply.NextOffset;
        }

        return stored;
    }

    private static void Count(LogPage page, Dictionary<string, int> stored)
    {
        foreach (var record in page)
        {
            if (record.Type == JournalRecord.Message)
            {
                var payload = record.Payload[(record.Payload.LastIndexOf((byte)'#') is var at and >= 0 ? at : 0)..];
                var text = System.Text.Encoding.UTF8.GetString(payload);
                stored[text] = stored.GetValueOrDefault(text) + 1;
            }
        }
    }

    private async Task<bool> TryStartAsync(KillPoint? point)
    {
        var time = new ManualTimeProvider(_now);
        _disk.OperationsLeft = null;
        _life = new BrokerLife(plan, ++Lives, _disk, time, _watch, counts, note, point);
        for (var waited = 0; !Life.Started.IsCompleted; waited++)
        {
            await Stuck.CalmAsync();
            if (Life.IsDead)
            {
                return false;
            }

            if (Life.Started.IsCompleted)
            {
                break;
            }

            if (waited == PatienceOfAStart / 2)
            {
                _disk.Capacity = long.MaxValue; // the operator has made room
            }

            if (waited == PatienceOfAStart)
            {
                throw new CrashModelException("The broker does not start.");
            }

            time.Advance(Tick);
        }

        if (Life.IsDead)
        {
            return false;
        }

        await Life.Started;
        Life.Arm(null);
        await Stuck.CalmAsync();
        return !Life.IsDead;
    }
}
