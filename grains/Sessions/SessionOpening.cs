using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions;

/// <summary>CONNECT: opens a session, and answers with what it has stored.</summary>
internal sealed class SessionOpening(
    JournaledShard<SessionSnapshot, SessionChange> shard, StoreShardState state, QueuedMessageReader messages, GatewayWatch watch,
    UnreadSessions unread)
{
    private readonly Dictionary<string, Task<OpenReply>> _opening = [];

    /// <summary>
    /// Opens a session after the CONNECTs of its client that came before. An earlier one that is still being stored would otherwise find that it
    /// is fenced and be refused, and then no gateway would be told to close the connection that it has replaced.
    /// </summary>
    public async Task<OpenReply> OpenAsync(string key, OpenRequest request)
    {
        while (_opening.TryGetValue(key, out var earlier) && !earlier.IsCompleted)
        {
            await Task.WhenAny(earlier); // how it ended is for its own caller
        }

        var opening = OpenNextAsync(key, request);
        if (opening.IsCompleted)
        {
            return await opening;
        }

        _opening[key] = opening;
        try
        {
            return await opening;
        }
        finally
        {
            if (_opening.GetValueOrDefault(key) == opening)
            {
                _opening.Remove(key);
            }
        }
    }

    private async Task<OpenReply> OpenNextAsync(string key, OpenRequest request)
    {
        if (shard.IsOver || !await HasSpaceForAsync(key, request))
        {
            return SessionAttachment.Refused(shard.IsOver ? SessionResult.Busy : SessionResult.Full);
        }

        var now = shard.Begin();
        var epoch = state.Sessions.NextEpoch(now);
        watch.Heard(request.Gateway, now);
        var reply = state.Attachment.Attach(key, request, epoch, now);
        var isNew = reply.Result == SessionResult.Ok && reply.Epoch == epoch; // not refused, and not the answer to a repeated call
        if (reply.Previous is { } previous)
        {
            unread.Forget(previous.Gateway, key);
        }

        var committed = isNew && state.Sessions.IsJournaled(key)
            ? await shard.CommitAsync(new Attached(now, key, request, epoch, SetsWillOff: reply.DueWill is not null))
            : await shard.SettleAsync(SessionResult.Ok);
        if (committed == SessionResult.Full)
        {
            shard.Writer.GiveUp(); // a claim that is refused must not hold the session
        }

        if (committed != SessionResult.Ok)
        {
            return SessionAttachment.Refused(committed);
        }

        return reply.SessionPresent ? await WithStateAsync(reply, key) : reply;
    }

    /// <summary>
    /// Returns whether the disk has room for the CONNECT. A session that is not stored needs none, and for one that exists the log keeps some:
    /// its client comes to read.
    /// </summary>
    private async ValueTask<bool> HasSpaceForAsync(string key, OpenRequest request)
    {
        if (state.Sessions.IsJournaled(key))
        {
            return await shard.Writer.HasSpaceForSnapshotAsync();
        }

        return !SessionAttachment.MustBeStored(request) || await shard.Writer.HasSpaceAsync();
    }

    /// <summary>Adds what the session has stored to the reply.</summary>
    private async ValueTask<OpenReply> WithStateAsync(OpenReply reply, string key)
    {
        if (state.Pages.Resume(key, reply.Epoch, shard.Now(), shard.Writer.IsSettled) is not { } resume)
        {
            return SessionAttachment.Refused(SessionResult.Fenced); // by a CONNECT that came meanwhile
        }

        var pending = await messages.ReadAsync(resume.Page.Session, [.. resume.Front, .. resume.Page.Items]);
        return pending is null
            ? SessionAttachment.Refused(SessionResult.Busy)
            : reply with { State = resume.State with { Pending = pending } };
    }
}
