using System.Collections.Concurrent;
using GrainMQ.Grains.LogStore;

namespace GrainMQ.Grains.Journals;

/// <summary>Journals in logs: mode <c>file</c>. What is committed is on the disk.</summary>
/// <param name="logs">One for each shard.</param>
/// <param name="codec">How changes and snapshots look.</param>
/// <param name="time">For how often a fault is told; null: the system's.</param>
internal sealed class LogJournalStore<TSnapshot, TChange>(ILogStore logs, IShardCodec<TSnapshot, TChange> codec, TimeProvider? time = null)
    : IJournalStore<TSnapshot, TChange>
    where TSnapshot : class
    where TChange : class
{
    /// <summary>Every caller that needs a shard which cannot be opened tries it again: one line in this time says so.</summary>
    private static readonly TimeSpan FaultInterval = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ConcurrentDictionary<int, SpaceWatch> _space = new();
    private readonly ConcurrentDictionary<int, long> _told = new();

    public async ValueTask<JournalOpening<TSnapshot, TChange>> OpenAsync(int shard, long leastEpoch, IShardState<TSnapshot, TChange> state)
    {
        var opening = await logs.OpenAsync($"{codec.Name}/{shard}", leastEpoch).ConfigureAwait(false);
        if (opening.Log is not { } log)
        {
            return Refused(shard, opening.Result == LogResult.Full ? JournalResult.Full : JournalResult.Failed, opening.Fault?.ToString());
        }

        var replay = new LogReplay<TSnapshot, TChange>(log, codec, state);
        var fault = await replay.RunAsync().ConfigureAwait(false);
        if (fault is not null)
        {
            return Refused(shard, JournalResult.Failed, fault);
        }

        _told.TryRemove(shard, out _);
        var version = Math.Max(replay.Version, (long)opening.Hlc);
        var space = _space.GetOrAdd(shard, _ => new SpaceWatch());
        space.IsFull = true; // until it is known: the first change may be one that must not be refused
        var journal = new LogJournal<TSnapshot, TChange>(log, codec, version, replay.At, space);
        await journal.HasSpaceAsync().ConfigureAwait(false);
        return new(JournalResult.Ok, journal, At: replay.At);
    }

    private JournalOpening<TSnapshot, TChange> Refused(int shard, JournalResult result, string? fault)
    {
        var now = _time.GetTimestamp();
        var isNews = !_told.TryGetValue(shard, out var told) || _time.GetElapsedTime(told, now) >= FaultInterval;
        if (isNews)
        {
            _told[shard] = now;
        }

        return new(result, null, fault, isNews);
    }
}

/// <summary>Whether a shard found the disk full, which its next activation must know before it changes anything.</summary>
internal sealed class SpaceWatch
{
    private volatile bool _isFull;

    public bool IsFull
    {
        get => _isFull;
        set => _isFull = value;
    }
}
