using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions;

/// <content>What stands between a transition of the table and its answer.</content>
internal sealed partial class SessionStoreGrain
{
    private ShardWriter<SessionSnapshot, SessionChange>? _writer;

    private ShardWriter<SessionSnapshot, SessionChange> Writer => _writer ?? throw Moving();

    private long Epoch => Writer.Epoch;

    private bool IsOver => Writer.IsOver;

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _isEnding = true;
        _ending.Raise();
        var stopped = _writer?.StopAsync() ?? Task.CompletedTask; // a compaction may wait for the snapshot that this gives up
        await _compacting;
        await stopped;
    }

    private async ValueTask OpenAsync()
    {
        var opening = await journals.OpenAsync(_shard, Now(), _table);
        if (opening.Journal is null)
        {
            if (opening.IsNews)
            {
                LogNotOpened(logger, _shard, opening.Fault ?? opening.Result.ToString());
            }

            throw new InvalidOperationException($"The journal of store shard {_shard} cannot be opened: {opening.Fault}");
        }
        _writer = new(opening.Journal, _table.Snapshot, _table.Replayed, () => (_table.Cost, _table.Queued.TotalBytes), End, Compact);
    }

    private static InvalidOperationException Moving() => new("The shard is moving to a newer activation; call again.");

    private async ValueTask<SessionResult> CommitAsync(SessionChange change, SessionResult result, bool isJournaled) =>
        result == SessionResult.Ok ? await CommitAsync(change, isJournaled) : await SettleAsync(result);

    /// <summary>Before an answer: anything but Ok when what led to it is not stored, or this activation is not the shard's last.</summary>
    /// <param name="change">What led to the answer.</param>
    /// <param name="isJournaled">False: nothing has to be kept, only the right to answer is checked.</param>
    /// <param name="messages">Those that the change brings, in order.</param>
    private async ValueTask<SessionResult> CommitAsync(SessionChange change, bool isJournaled, StoredMessage[]? messages = null)
    {
        if (!isJournaled)
        {
            return await SettleAsync(SessionResult.Ok);
        }

        var result = await Writer.CommitAsync(change, change.Cost, first => Place(messages ?? [], first));
        if (result == JournalResult.Ok)
        {
            Announce();
        }

        return ResultOf(result);
    }

    private static void Place(StoredMessage[] messages, long first)
    {
        for (var at = 0; at < messages.Length; at++)
        {
            messages[at].Commit(first < 0 ? first : first + at);
        }
    }

    /// <summary>An answer that changes nothing: the result, once everything that it may rest on is stored.</summary>
    private async ValueTask<SessionResult> SettleAsync(SessionResult result)
    {
        var settled = ResultOf(await Writer.SettleAsync());
        if (settled == SessionResult.Ok)
        {
            Announce();
        }

        return settled == SessionResult.Ok ? result : settled;
    }

    private static SessionResult ResultOf(JournalResult result) => result switch
    {
        JournalResult.Ok => SessionResult.Ok,
        JournalResult.Full => SessionResult.Full,
        _ => SessionResult.Busy,
    };

    /// <summary>
    /// What takes no space, or is stored already, is not refused for want of it: this activation was the one that found the disk full, and the
    /// next one will commit the same call by a snapshot, or find it done.
    /// </summary>
    private static SessionResult OnceMore(SessionResult result) => result == SessionResult.Full ? SessionResult.Busy : result;

    /// <summary>For answers that cannot say Busy.</summary>
    private async ValueTask DemandCurrentAsync()
    {
        if (!await Writer.IsCurrentAsync())
        {
            throw Moving();
        }
    }

    private void End(JournalResult why)
    {
        if (why == JournalResult.Fenced)
        {
            metrics.Fenced("store");
            LogFenced(logger, _shard, Epoch);
        }
        else
        {
            LogEnded(logger, _shard, Epoch, why);
        }

        _news.Raise();
        _acks.Raise();
        DeactivateOnIdle();
    }
}
