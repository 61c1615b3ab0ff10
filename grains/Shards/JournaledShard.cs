using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Shards;

/// <summary>
/// What every grain does that is one shard of a journaled state: it opens the journal, stands between a transition of the state and its answer,
/// reports the shard's amounts, and ends when the journal refuses. Used by one activation, in its turns.
/// </summary>
/// <remarks>
/// A call does what time has done (<see cref="Begin"/>), makes one transition of the state, and commits it. What it answers may rest on what
/// other calls have just changed, so an answer that changes nothing waits for those commits (<see cref="SettleAsync"/>). When the journal
/// refuses, a newer activation owns the shard or the disk does not work: this activation ends, and the next one reads the journal again.
/// </remarks>
/// <param name="kind">The kind of shard, as a tag of its metrics: <c>store</c>, <c>retain</c> or <c>directory</c>.</param>
/// <param name="state">The shard's state, new and empty.</param>
/// <param name="journals">The journals of this kind of shard.</param>
/// <param name="clock">The clock; it goes on where the journal ends.</param>
/// <param name="metrics">The meter.</param>
/// <param name="log">The log events of this kind of shard.</param>
internal sealed class JournaledShard<TSnapshot, TChange>(
    string kind, IJournaledState<TSnapshot, TChange> state, IJournalStore<TSnapshot, TChange> journals, SteadyClock clock, GrainMetrics metrics,
    IShardLog log)
    where TSnapshot : class
    where TChange : class, IShardChange
{
    private readonly ShardGauge _gauge = new();
    private ShardWriter<TSnapshot, TChange>? _writer;

    /// <summary>Called once, when the journal has refused; null calls nothing.</summary>
    public Action? Ended { get; init; }

    /// <summary>Called when a change, or all that an answer rests on, is committed; null calls nothing.</summary>
    public Action? Committed { get; init; }

    /// <summary>Called after every snapshot; null calls nothing.</summary>
    public Action? Snapshotted { get; init; }

    /// <summary>The shard's number, from 0.</summary>
    public int Number { get; private set; }

    public ShardWriter<TSnapshot, TChange> Writer => _writer ?? throw ShardMoving.Error();

    /// <summary>The epoch of this activation: above that of every activation of the shard before.</summary>
    public long Epoch => Writer.Epoch;

    /// <summary>Whether this activation ends: nothing more will be committed.</summary>
    public bool IsOver => Writer.IsOver;

    /// <summary>Opens the journal under a new epoch and replays it to the state. Called once, at the activation.</summary>
    /// <exception cref="InvalidOperationException">The journal cannot be opened.</exception>
    public async Task OpenAsync(int number)
    {
        Number = number;
        var start = clock.GetTimestamp();
        var opening = await journals.OpenAsync(number, Now(), state);
        if (opening.Journal is null)
        {
            if (opening.IsNews)
            {
                log.NotOpened(number, opening.Fault ?? opening.Result.ToString());
            }

            throw new InvalidOperationException($"The journal of {kind} shard {number} cannot be opened: {opening.Fault}");
        }

        clock.Reach(opening.At);
        _writer = new(opening.Journal, state, End, Snapshotted);
        metrics.Recovered(kind, clock.GetElapsedTime(start));
        metrics.Report(kind, number, _gauge);
        Measure();
        log.Opened(number, Epoch, state.Count);
    }

    /// <summary>Ends the activation: see <see cref="ShardWriter{TSnapshot, TChange}.StopAsync"/>.</summary>
    public Task StopAsync() => _writer?.StopAsync() ?? Task.CompletedTask;

    /// <summary>Unix milliseconds.</summary>
    public long Now() => clock.Now;

    /// <summary>Does what time has done, before a call looks at the state; returns the time in Unix milliseconds.</summary>
    public long Begin()
    {
        var now = Now();
        state.FireDue(now);
        return now;
    }

    /// <summary>Commits a change that the state has just made; nothing may be awaited between the two.</summary>
    /// <param name="change">What the state has done.</param>
    /// <param name="placed">As <c>committed</c> of <see cref="ShardWriter{TSnapshot, TChange}.CommitAsync"/>.</param>
    /// <returns>Anything but Ok when the change is not stored, or this activation is not the shard's last.</returns>
    public async ValueTask<SessionResult> CommitAsync(TChange change, Action<long>? placed = null)
    {
        var result = await Writer.CommitAsync(change, placed);
        if (result == JournalResult.Ok)
        {
            OnCommitted();
        }

        return result.ToSessionResult();
    }

    /// <summary>Returns the result of a call that changes nothing, once everything that it may rest on is stored.</summary>
    public async ValueTask<SessionResult> SettleAsync(SessionResult result)
    {
        var settled = (await Writer.SettleAsync()).ToSessionResult();
        if (settled != SessionResult.Ok)
        {
            return settled;
        }

        OnCommitted();
        return result;
    }

    /// <summary>Checks that this activation is the shard's last, for answers that cannot say Busy.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public async ValueTask DemandCurrentAsync()
    {
        if (!await Writer.IsCurrentAsync())
        {
            throw ShardMoving.Error();
        }
    }

    /// <summary>Reports the amounts of the state as it is now.</summary>
    public void Measure() => state.Measure(_gauge);

    private void OnCommitted()
    {
        Measure();
        Committed?.Invoke();
    }

    private void End(JournalResult why)
    {
        if (why == JournalResult.Fenced)
        {
            metrics.Fenced(kind);
            log.Fenced(Number, Epoch);
        }
        else
        {
            log.Ended(Number, Epoch, why);
        }

        Ended?.Invoke();
    }
}
