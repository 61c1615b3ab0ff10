using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;

namespace GrainMQ.Grains.Shards;

/// <summary>
/// Makes the transitions of one activation last: its journal, the order of its commits, its snapshots. Used by that activation alone,
/// in its turns.
/// </summary>
/// <remarks>
/// The state changes first and the journal follows, so a change that the journal refuses ends the activation. A call that takes space
/// therefore asks first whether the disk has room; what frees some (a connection's end, reports, a CONNECT that comes to read) is done on a
/// full disk too and committed by a snapshot, for which the write-ahead log keeps space.
/// </remarks>
/// <param name="journal">The shard's journal, under the activation's epoch.</param>
/// <param name="state">The shard's state.</param>
/// <param name="ended">Called once, when nothing more will be committed.</param>
/// <param name="snapshotted">Called after every snapshot; null calls nothing.</param>
internal sealed class ShardWriter<TSnapshot, TChange>(
    IShardJournal<TSnapshot, TChange> journal, IJournaledState<TSnapshot, TChange> state, Action<JournalResult> ended, Action? snapshotted = null)
    where TChange : IShardChange
{
    private readonly CancellationTokenSource _stopping = new();
    private Task<JournalResult> _commits = Task.FromResult(JournalResult.Ok);
    private Task<JournalResult> _replacing = Task.FromResult(JournalResult.Ok);
    private long _journaled = state.Replayed;
    private long _held = HeldBy(journal, state);
    private int _underWay;
    private long _change;
    private long _unjournaled;
    private long _inSnapshot;
    private bool _fits;

    /// <inheritdoc cref="IShardJournal{TSnapshot, TChange}.Epoch"/>
    public long Epoch => journal.Epoch;

    /// <summary>Whether nothing more will be committed: the next activation reads the journal again.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether a snapshot is being written.</summary>
    public bool IsReplacing => !_replacing.IsCompleted;

    /// <inheritdoc cref="IShardJournal{TSnapshot, TChange}.Kept"/>
    public IReadOnlyList<LogSegmentInfo> Kept => journal.Kept;

    /// <summary>Whether no change waits for the journal.</summary>
    public bool IsSettled => _underWay == 0;

    /// <summary>Whether the state has changes that are in no journal: then the next commit is a snapshot.</summary>
    private bool IsAhead => _unjournaled > _inSnapshot;

    /// <summary>Returns whether the disk has room. Asked before a change that takes space.</summary>
    public ValueTask<bool> HasSpaceAsync() => journal.HasSpaceAsync();

    /// <summary>
    /// Returns whether the disk has room, if only for a snapshot. Asked before a change that is made on a full disk too, but must not stay in the
    /// state when not even a snapshot can be written.
    /// </summary>
    public async ValueTask<bool> HasSpaceForSnapshotAsync() =>
        await journal.HasSpaceAsync() || _fits || await CommitBySnapshotAsync() == JournalResult.Ok;

    /// <summary>Ends the activation because its state has what could not be stored and must not stay.</summary>
    public void GiveUp() => End(JournalResult.Full);

    /// <inheritdoc cref="IShardJournal{TSnapshot, TChange}.ReadAsync"/>
    public ValueTask<JournalResult> ReadAsync(IReadOnlyList<long> offsets, byte[]?[] messages) => journal.ReadAsync(offsets, messages);

    /// <summary>Commits a change that the state has just made; nothing may be awaited between the two.</summary>
    /// <param name="change">What the state has done.</param>
    /// <param name="committed">
    /// Called in the order of the commits with the place of the change's first message; a negative place means that the messages stay in memory.
    /// </param>
    public ValueTask<JournalResult> CommitAsync(TChange change, Action<long>? committed = null)
    {
        if (IsOver)
        {
            return new(JournalResult.Failed);
        }

        if (IsAhead || journal.IsFull)
        {
            return CommitBySnapshotAsync(committed);
        }

        _underWay++;
        _change++;
        _journaled += change.Cost;
        _commits = CompleteAsync(_commits, journal.AppendAsync(change), committed);
        if (_replacing.IsCompleted && IsWorthASnapshot())
        {
            _replacing = ReplaceAsync();
        }

        return new(_commits);
    }

    /// <summary>Waits, before an answer that changes nothing, until everything that it may rest on is stored.</summary>
    public async ValueTask<JournalResult> SettleAsync()
    {
        if (await _commits is var result and not JournalResult.Ok)
        {
            return result;
        }

        if (IsAhead && await CommitBySnapshotAsync() is var replaced and not JournalResult.Ok)
        {
            return replaced;
        }

        return await IsCurrentAsync() ? JournalResult.Ok : JournalResult.Fenced;
    }

    /// <summary>Returns whether this activation is the shard's last, and ends it if not.</summary>
    public async ValueTask<bool> IsCurrentAsync()
    {
        if (!IsOver && !await journal.IsCurrentAsync())
        {
            End(JournalResult.Fenced);
        }

        return !IsOver;
    }

    /// <summary>Waits for the snapshot that is being written.</summary>
    public Task ReplacedAsync() => _replacing;

    /// <summary>
    /// Stops at the end of the activation, when no call is under way. Nothing more is committed, and a snapshot that is being written is
    /// abandoned: it could take longer than a silo has for its stop. The next activation replays what it would have replaced.
    /// </summary>
    public Task StopAsync()
    {
        IsOver = true;
        _stopping.Cancel();
        return _replacing;
    }

    /// <summary>Writes a snapshot now, or waits for the one that is being written.</summary>
    public Task<JournalResult> SnapshotAsync()
    {
        if (_replacing.IsCompleted && !IsOver)
        {
            _replacing = ReplaceAsync();
        }

        return _replacing;
    }

    private static long HeldBy(IShardJournal<TSnapshot, TChange> journal, IJournaledState<TSnapshot, TChange> state)
    {
        var (stateBytes, messageBytes) = state.SnapshotCost;
        return journal.HeldBy(stateBytes, messageBytes);
    }

    /// <summary>What was removed takes a few bytes of changes, and would stay in the last snapshot until there are many of them.</summary>
    private bool IsWorthASnapshot()
    {
        var (stateBytes, messageBytes) = state.SnapshotCost;
        var removed = Math.Max(0, _held - journal.HeldBy(stateBytes, messageBytes));
        return _journaled + removed > journal.SnapshotAfter(stateBytes, messageBytes);
    }

    /// <summary>Completes commits in the order of the appends, so that the numbers of a queue are committed in their order.</summary>
    private async Task<JournalResult> CompleteAsync(Task<JournalResult> before, ValueTask<JournalReply> append, Action<long>? committed)
    {
        var reply = await append;
        var earlier = await before;
        _underWay--;
        var result = (earlier, reply.Result) switch
        {
            (JournalResult.Ok, _) => reply.Result,
            (JournalResult.Full, not JournalResult.Full) => JournalResult.Failed, // Full would say that this change is not stored, and it may be
            _ => earlier,
        };
        if (result == JournalResult.Ok)
        {
            committed?.Invoke(reply.FirstMessage);
        }
        else
        {
            End(result);
        }

        return result;
    }

    /// <summary>Commits the state as it is now: with the snapshot that is being written, if it began after the change, or with the next one.</summary>
    private async ValueTask<JournalResult> CommitBySnapshotAsync(Action<long>? committed = null)
    {
        var mine = _unjournaled = ++_change;
        while (_inSnapshot < mine && !IsOver)
        {
            if (_replacing.IsCompleted)
            {
                _replacing = ReplaceAsync();
            }

            if (await _replacing is var result and not JournalResult.Ok)
            {
                return result;
            }
        }
        if (IsOver)
        {
            return JournalResult.Failed;
        }

        committed?.Invoke(-1);
        return JournalResult.Ok;
    }

    private async Task<JournalResult> ReplaceAsync()
    {
        var (taken, mark, change) = (state.Snapshot(), journal.Mark(), _change);
        (_journaled, _held) = (0, HeldBy(journal, state));
        var result = await _commits; // those that the snapshot has and the mark does not; then their messages have a place
        if (result == JournalResult.Ok)
        {
            result = await journal.ReplaceAsync(taken, mark, _stopping.Token);
        }

        _fits = result == JournalResult.Ok;
        if (result == JournalResult.Ok)
        {
            _inSnapshot = Math.Max(_inSnapshot, change);
            snapshotted?.Invoke();
        }
        else if (result is not (JournalResult.Full or JournalResult.Abandoned)) // then the journal is as it was
        {
            End(result);
        }

        return result;
    }

    private void End(JournalResult why)
    {
        if (IsOver)
        {
            return;
        }

        IsOver = true;
        ended(why);
    }
}
