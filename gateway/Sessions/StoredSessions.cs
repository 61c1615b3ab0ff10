using System.Collections.Concurrent;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// Keeps the sessions of this gateway in step with what their store shards say: routes to durable sessions without a connection, ends those that
/// are over, publishes wills that are due, and attaches the connected ones again to a shard that started anew.
/// </summary>
internal sealed class StoredSessions(
    StoreShards shards, DirectoryClient directory, SessionRegistry sessions, SubscriptionIndex subscriptions, Wills wills, EndedQueueHandover ended,
    ILogger<StoredSessions> logger) : IStoreListener
{
    /// <summary>Sessions in one call, so that it stays below 1 MB.</summary>
    private const int MostReattached = 1000;

    private readonly ConcurrentDictionary<int, bool> _heard = new();

    public long NextMoment() => sessions.NextMoment();

    public async Task<long[]> TakeAsync(int shard, StorePollReply reply, long asked)
    {
        if (reply.Snapshot)
        {
            await EndMissingAsync(shard, reply.Deltas, asked).ConfigureAwait(false);
        }

        foreach (var delta in reply.Deltas)
        {
            await ApplyAsync(delta).ConfigureAwait(false);
        }

        foreach (var key in reply.Behind ?? [])
        {
            if (sessions.TryGet(key, out var behind))
            {
                behind.LookForStored();
            }
        }

        _heard[shard] = true;
        if (_heard.Count == shards.Count) // else members of share groups are not known yet: the store offers it again
        {
            Array.ForEach(reply.Ended ?? [], queue => ended.Begin(shard, queue));
        }

        return await PublishAsync(reply.Work).ConfigureAwait(false);
    }

    public async Task ReattachAsync(int shard)
    {
        var connected = SessionsOf(shard).Where(session => session.Connection is not null).ToArray();
        foreach (var chunk in connected.Chunk(MostReattached))
        {
            var entries = Array.ConvertAll(chunk, session => new ReattachEntry(
                session.Key,
                new SessionOwner(directory.Self, session.Connection is null ? 0 : session.ClaimId, session.Epoch),
                session.ExpirySeconds,
                session.Connection is { } connection ? Wills.RecordOf(connection) : null,
                session.Subscriptions.Records(subscriptions)));
            var reply = await shards[shard].ReattachAsync(new ReattachBatch(directory.Self, entries)).ConfigureAwait(false);
            foreach (var key in reply.Fenced)
            {
                if (sessions.TryGet(key, out var fenced))
                {
                    fenced.Connection?.Close(CloseCause.Fenced, ReasonCode.SessionTakenOver);
                }
            }
        }

        SessionLog.Reattached(logger, shard, connected.Length);
    }

    /// <returns>What is done. The rest comes back when its lease has lapsed.</returns>
    private async Task<long[]> PublishAsync(DueWill[] work)
    {
        var done = new List<long>(work.Length);
        foreach (var item in work)
        {
            sessions.TryGet(item.Key, out var session);
            if (await wills.PublishDueAsync(item.Key, item.Message, session).ConfigureAwait(false))
            {
                done.Add(item.Id);
            }
        }

        return [.. done];
    }

    /// <summary>A delta that is older than what this gateway knows changes nothing; neither does one for a session that is here.</summary>
    private async Task ApplyAsync(InterestDelta delta)
    {
        using var turn = await sessions.Turns.TakeAsync(delta.Key).ConfigureAwait(false);
        sessions.TryGet(delta.Key, out var session);
        if (session is not null && (session.Phase != SessionPhase.Offline || session.Epoch > delta.Epoch))
        {
            return;
        }

        if (delta.Subscriptions is null)
        {
            if (session is not null)
            {
                sessions.Remove(session);
            }

            return;
        }

        if (session is null)
        {
            session = sessions.Create(delta.Key);
            session.SetOffline(delta.Epoch, uint.MaxValue);
        }

        session.Subscriptions.Resubscribe(subscriptions, delta.Subscriptions);
    }

    /// <summary>
    /// After a snapshot, sessions that the shard does not know any more are over. Not those that it may only have come to know as detached
    /// after <paramref name="asked"/>, when the snapshot was asked for.
    /// </summary>
    private async Task EndMissingAsync(int shard, InterestDelta[] deltas, long asked)
    {
        var present = deltas.Select(static delta => delta.Key).ToHashSet();
        foreach (var session in SessionsOf(shard).Where(session => !present.Contains(session.Key)))
        {
            using var turn = await sessions.Turns.TakeAsync(session.Key).ConfigureAwait(false);
            if (session is { Phase: SessionPhase.Offline, UnconfirmedClose: null } && session.DetachedAt < asked)
            {
                sessions.Remove(session);
            }
        }
    }

    private IEnumerable<Session> SessionsOf(int shard) => sessions.All.Where(session => shards.Of(session.Key) == shard);
}
