using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <content>CONNECT. Those of one client are answered one after the other.</content>
internal sealed partial class SessionStoreGrain
{
    private readonly Dictionary<string, Task<OpenReply>> _attaching = [];

    /// <summary>
    /// A CONNECT that comes while an earlier one of its client is being stored waits: the earlier one would find that it is fenced and be refused,
    /// and then no gateway would be told to close the connection that it has replaced.
    /// </summary>
    public async Task<OpenReply> AttachAsync(string key, OpenRequest request)
    {
        while (_attaching.TryGetValue(key, out var earlier) && !earlier.IsCompleted)
        {
            await Task.WhenAny(earlier); // how it ended is for its own caller
        }

        var attaching = AttachNextAsync(key, request);
        if (attaching.IsCompleted)
        {
            return await attaching;
        }

        _attaching[key] = attaching;
        try
        {
            return await attaching;
        }
        finally
        {
            if (_attaching.GetValueOrDefault(key) == attaching)
            {
                _attaching.Remove(key);
            }
        }
    }

    private async Task<OpenReply> AttachNextAsync(string key, OpenRequest request)
    {
        if (IsOver || !await HasSpaceForAsync(key, request))
        {
            return SessionTable.Refused(IsOver ? SessionResult.Busy : SessionResult.Full);
        }

        var now = Begin();
        var epoch = _table.NextEpoch(now);
        _watch.Heard(request.Gateway, now);
        var reply = _table.Attach(key, request, epoch, now);
        var isNew = reply.Result == SessionResult.Ok && reply.Epoch == epoch; // not refused, and not the answer to a repeated call
        if (reply.Previous is { } previous)
        {
            _behind.Forget(previous.Gateway, key);
        }

        var attached = new Attached(now, key, request, epoch, SetsWillOff: reply.DueWill is not null);
        var committed = await CommitAsync(attached, isNew && _table.IsJournaled(key));
        if (committed == SessionResult.Full)
        {
            Writer.GiveUp(); // a claim that is refused must not hold the session
        }

        if (committed != SessionResult.Ok)
        {
            return SessionTable.Refused(committed);
        }

        return reply.SessionPresent ? await WithStateAsync(reply, key) : reply;
    }

    /// <summary>A session that is not stored needs none, and for one that was there is some kept: its client comes to read.</summary>
    private async ValueTask<bool> HasSpaceForAsync(string key, OpenRequest request)
    {
        if (_table.IsJournaled(key))
        {
            return await Writer.HasSpaceForSnapshotAsync();
        }

        return !SessionTable.MustBeStored(request) || await Writer.HasSpaceAsync();
    }
}
