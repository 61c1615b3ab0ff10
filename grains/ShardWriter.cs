using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;

namespace GrainMQ.Grains;

/// <summary>
/// What makes the transitions of one activation last: its journal, the order of its commits, its snapshots. Used by that activation alone,
/// in its turns.
/// </summary>
/// <remarks>
/// The state changes first and the journal follows, so a change that the journal refuses ends the activation. A full disk is therefore
/// asked about before anything that takes space; what frees some (a connection's end, reports, a CONNECT that comes to read) is done all
/// the same and committed by a snapshot, for which the log keeps space.
/// </remarks>
/// <param name="journal">Of the shard, under the activation's epoch.</param>
/// <param name="snapshot">The state as it is.</param>
/// <param name="replayed">Cost of the changes since the last snapshot.</param>
/// <param name="cost">Bytes of a snapshot, and of the messages that it refers to.</param>
/// <param name="ended">Told once, when nothing more will be committed.</param>
/// <param name="replaced">Told after every snapshot; null for nobody.</param>
internal sealed class ShardWriter<TSnapshot, TChange>(
    IShardJournal<TSnapshot, TChange> journal, Func<TSnapshot> snapshot, long replayed, Func<(long State, long Messages)> cost,
    Action<JournalResult> ended, Action? replaced = null)
{
    private readonly CancellationTokenSource _stopping = new();
    private Task<JournalResult> _commits = Task.FromResult(JournalResult.Ok);
    private Task<JournalResult> _replacing = Task.FromResult(JournalResult.Ok);
    private long _journaled = replayed;
    private int _underWay;
    private long _change;
    private long _unjournaled;
    private long _inSnapshot;
    private bool _fits;

    public long Epoch => journal.Epoch;

    /// <summary>Nothing more will be committed: the next activation reads the journal again.</summary>
    public bool IsOver { get; private set; }

    /// <summary>A snapshot is being written.</summary>
    public bool IsReplacing => !_replacing.IsCompleted;

    /// <inheritdoc cref="IShardJournal{TSnapshot, TChange}.Kept"/>
    public IReadOnlyList<LogSegmentInfo> Kept => journal.Kept;

    /// <summary>Nothing waits for the journal.</summary>
    public bool IsSettled => _underWay == 0;

    /// <summary>The state has changes that are in no journal: the next commit is a snapshot.</summary>
    private bool IsAhead => _unjournaled > _inSnapshot;

    /// <summary>Asked before the state is changed by something that takes space.</summary>
    public ValueTask<bool> HasSpaceAsync() => journal.HasSpaceAsync();

    /// <summary>
    /// Asked before what is done on a full disk too, but must not stay in the state when not even a snapshot can be written.
    /// </summary>
    public async ValueTask<bool> HasSpaceForSnapshotAsync() =>
        await journal.HasSpaceAsync() || _fits || await CommitBySnapshotAsync() == JournalResult.Ok;

    /// <summary>The state has what could not be stored and must not stay: the next activation reads the journal again.</summary>
    public void GiveUp() => End(JournalResult.Full);

    public ValueTask<JournalResult> ReadAsync(IReadOnlyList<long> offsets, byte[]?[] messages) => journal.ReadAsync(offsets, messages);

    /// <summary>Makes a change that the state has just made last; nothing may be awaited between the two.</summary>
    /// <param name="change">What the state has done.</param>
    /// <param name="changeCost">Its <c>Cost</c>.</param>
    /// <param name="committed">Called in the order of the commits with the place of the first message (negative: in memory).</param>
    public ValueTask<JournalResult> CommitAsync(TChange change, long changeCost, Action<long>? committed = null)
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
        _journaled += changeCost;
        _commits = CompleteAsync(_commits, journal.AppendAsync(change), committed);
        var (state, messages) = cost();
        if (_journaled > journal.SnapshotAfter(state, messages) && _replacing.IsCompleted)
        {
            _replacing = ReplaceAsync();
        }

        return new(_commits);
    }

    /// <summary>Before an answer that changes nothing: waits until everything that it may rest on is stored.</summary>
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
    /// At the end of the activation, when no call is under way: nothing more is committed, and a snapshot that is being written is given
    /// up, which could take longer than a silo has for its stop. What it would have replaced is played again.
    /// </summary>
    public Task StopAsync()
    {
        IsOver = true;
        _stopping.Cancel();
        return _replacing;
    }

    /// <summary>Writes one now, or waits for the one that is being written.</summary>
    public Task<JournalResult> SnapshotAsync()
    {
        if (_replacing.IsCompleted && !IsOver)
        {
            _replacing = ReplaceAsync();
        }

        return _replacing;
    }

    /// <summary>In the order of the appends, so that the numbers of a queue are committed in their order.</summary>
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

    /// <summary>Commits what the state is now: with the snapshot that is being written, if it began after the change, or the next one.</summary>
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
        var (taken, mark, change) = (snapshot(), journal.Mark(), _change);
        _journaled = 0;
        var result = await _commits; // those that the snapshot has and the mark does not; then their messages have a place
        if (result == JournalResult.Ok)
        {
            result = await journal.ReplaceAsync(taken, mark, _stopping.Token);
        }

        _fits = result == JournalResult.Ok;
        if (result == JournalResult.Ok)
        {
            _inSnapshot = Math.Max(_inSnapshot, change);
            replaced?.Invoke();
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
