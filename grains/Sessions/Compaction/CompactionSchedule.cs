using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions.Compaction;

/// <summary>Runs a compaction after each snapshot, slowly, and one at a time.</summary>
internal sealed class CompactionSchedule(
    JournaledShard<SessionSnapshot, SessionChange> shard, StoreShardState state, TimeProvider time, SiloStop stop, GrainMetrics metrics,
    SessionStoreGrain.Log log)
{
    /// <summary>Bytes that are read and appended again in a millisecond: 10 MB a second leave the disk to the calls that wait for it.</summary>
    private const long BytesPerMillisecond = 10_000;

    /// <summary>Beside the bytes of a snapshot: what is moved leaves a sparse segment itself, which must not be moved again at once.</summary>
    private const long LeastFreed = 128 << 20;

    /// <summary>About a millisecond when every message misses the cache: a call that comes meanwhile waits no longer for its turn.</summary>
    private const int LooksPerTurn = 1_024;

    private readonly ChangeSignal _ending = new(time, stop.Token);
    private Task _running = Task.CompletedTask;
    private bool _isStopped;

    private bool IsEnding => _isStopped || stop.HasBegun;

    /// <summary>Begins a compaction unless one is running or the activation ends.</summary>
    public void Begin()
    {
        if (_running.IsCompleted && !IsEnding)
        {
            _running = RunAsync();
        }
    }

    /// <summary>Ends a compaction's pause, and lets no other begin.</summary>
    public void Stop()
    {
        _isStopped = true;
        _ending.Raise();
    }

    /// <summary>Completes when no compaction is running.</summary>
    public Task StoppedAsync() => _running;

    private async Task RunAsync()
    {
        var compaction = new SegmentCompaction(state, shard.Writer, shard.Begin, LeastFreed + state.Cost, LooksPerTurn, PauseAsync);
        await compaction.RunAsync();
        if (compaction.Moved == 0)
        {
            return;
        }

        metrics.Compacted(compaction.Moved);
        log.Compacted(shard.Number, compaction.Moved, compaction.Freed);
    }

    private async Task<bool> PauseAsync(long bytes)
    {
        if (!IsEnding)
        {
            await _ending.WaitAsync(1 + (bytes / BytesPerMillisecond));
        }

        return !IsEnding && !shard.IsOver;
    }
}
