namespace GrainMQ.Grains.Sessions;

/// <content>Old segments that few messages keep are freed after a snapshot, slowly.</content>
internal sealed partial class SessionStoreGrain
{
    /// <summary>Bytes that are read and appended anew in a millisecond: 10 MB a second leave the disk to those who wait for it.</summary>
    private const long CompactionRate = 10_000;

    /// <summary>Beside the bytes of a snapshot: what is moved leaves a sparse segment itself, which must not be moved again at once.</summary>
    private const long LeastFreed = 128 << 20;

    /// <summary>About a millisecond when every message misses the cache: a call that comes meanwhile waits no longer for its turn.</summary>
    private const int LooksPerTurn = 1_024;

    private readonly ChangeSignal _ending = new(time, stop.Token);
    private Task _compacting = Task.CompletedTask;
    private bool _isEnding;

    private bool IsEnding => _isEnding || stop.HasBegun;

    private void Compact()
    {
        if (_compacting.IsCompleted && !IsEnding)
        {
            _compacting = CompactAsync();
        }
    }

    private async Task CompactAsync()
    {
        var compaction = new Compaction(_table, Writer, Begin, LeastFreed + _table.Cost, LooksPerTurn, PauseAsync);
        await compaction.RunAsync();
        if (compaction.Moved == 0)
        {
            return;
        }

        metrics.Compacted(compaction.Moved);
        LogCompacted(logger, _shard, compaction.Moved, compaction.Freed);
    }

    private async Task<bool> PauseAsync(long bytes)
    {
        if (!IsEnding)
        {
            await _ending.WaitAsync(1 + (bytes / CompactionRate));
        }

        return !IsEnding && !IsOver;
    }
}
