using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Hosting;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// Listens to one store shard with a hanging call: learns of durable sessions without a connection, publishes wills that are due, and
/// attaches this gateway's sessions again when the shard started anew. The next call acknowledges what the last one brought.
/// </summary>
internal sealed class StorePoller(
    int shard, StoreShards shards, GatewayRef self, DirectoryClient directory, SessionTable sessions, SubscriptionIndex subscriptions,
    SessionCloser closer, Publisher publisher, TimeProvider time, ILogger<StorePoller> logger)
{
    private const int MostReattached = 1000;
    private static readonly TimeSpan HangingCall = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LastCall = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ISessionStoreGrain _grain = shards[shard];
    private readonly LogLimiter _failures = new(time, TimeSpan.FromSeconds(10));
    private long[] _completed = [];
    private long _shardEpoch;
    private long _version;

    /// <summary>Completed when the shard's sessions are routed to: only then is this gateway Ready (invariant I13).</summary>
    public Task Loaded => _loaded.Task;

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await PollAsync(stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // the call that hangs is answered by the last one
            }
            catch (Exception exception)
            {
                if (_failures.TryTake(out _)) // a shard that cannot be opened is asked five times a second
                {
                    DeliveryLog.PollFailed(logger, shard, exception.Message);
                }

                await Task.Delay(RetryDelay, time, stopping).ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
            }
        }

        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Acknowledges what was done and ends the call that still hangs: a newer call of a gateway does. Until then the shard could not
    /// deactivate, for up to 10 seconds.
    /// </summary>
    private async Task EndAsync()
    {
        try
        {
            await _grain.PollAsync(new StorePoll(self, _shardEpoch, _version, directory.Live, _completed, 0))
                .WaitAsync(LastCall, time).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            DeliveryLog.PollFailed(logger, shard, exception.Message);
        }
    }

    private async Task PollAsync(CancellationToken stopping)
    {
        var began = sessions.NextMoment();
        var poll = new StorePoll(self, _shardEpoch, _version, directory.Live, _completed, (int)HangingCall.TotalMilliseconds);
        var reply = await _grain.PollAsync(poll).WaitAsync(HangingCall + TimeSpan.FromSeconds(5), time, stopping).ConfigureAwait(false);
        if (_shardEpoch != 0 && reply.ShardEpoch != _shardEpoch)
        {
            await ReattachAsync().ConfigureAwait(false);
        }

        if (reply.Snapshot)
        {
            await EndMissingAsync(reply.Deltas, began).ConfigureAwait(false);
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

        _completed = await PublishAsync(reply.Work).ConfigureAwait(false);
        (_shardEpoch, _version) = (reply.ShardEpoch, reply.Version);
        _loaded.TrySetResult();
    }

    /// <returns>What is done. The rest comes back when its lease has lapsed.</returns>
    private async Task<long[]> PublishAsync(DueWill[] work)
    {
        var done = new List<long>(work.Length);
        foreach (var item in work)
        {
            var isReadable = Message.TryRead(item.Message, out var message);
            if (!isReadable)
            {
                DeliveryLog.UnreadableMessage(logger, item.Key);
            }

            sessions.TryGet(item.Key, out var own); // back already, it may have asked for No Local [MQTT-3.8.3-3]
            if (!isReadable || await publisher.PublishAsync(message, own).ConfigureAwait(false))
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
        var known = sessions.TryGet(delta.Key, out var session);
        if (known && (session!.Phase != SessionPhase.Offline || session.Epoch > delta.Epoch)) // TryGet returned true
        {
            return;
        }

        if (delta.Subscriptions is null)
        {
            if (known)
            {
                closer.EndHere(session!);
            }

            return;
        }

        if (!known)
        {
            session = sessions.Create(delta.Key);
            session.SetOffline(delta.Epoch, uint.MaxValue);
        }

        session!.Resubscribe(subscriptions, delta.Subscriptions);
    }

    /// <summary>
    /// After a snapshot, sessions that the shard does not know any more are over. Not those that it may only have come to know as detached
    /// after <paramref name="began"/>, when the snapshot was asked for.
    /// </summary>
    private async Task EndMissingAsync(InterestDelta[] deltas, long began)
    {
        var present = deltas.Select(delta => delta.Key).ToHashSet();
        foreach (var session in Own().Where(session => !present.Contains(session.Key)))
        {
            using var turn = await sessions.Turns.TakeAsync(session.Key).ConfigureAwait(false);
            if (session is { Phase: SessionPhase.Offline, UnconfirmedClose: null } && session.DetachedAt < began)
            {
                closer.EndHere(session);
            }
        }
    }

    private async Task ReattachAsync()
    {
        var connected = Own().Where(session => session.Connection is not null).ToArray();
        foreach (var chunk in connected.Chunk(MostReattached))
        {
            var entries = Array.ConvertAll(chunk, session => new ReattachEntry(
                session.Key,
                new SessionOwner(self, session.Connection?.ClaimId ?? 0, session.Epoch),
                session.ExpirySeconds,
                session.Connection?.Will?.ToRecord(),
                session.SubscriptionRecords(subscriptions)));
            var reply = await _grain.ReattachAsync(new ReattachBatch(self, entries)).ConfigureAwait(false);
            foreach (var key in reply.Fenced)
            {
                if (sessions.TryGet(key, out var fenced))
                {
                    fenced.Connection?.Close(Connections.CloseCause.Fenced, Protocol.ReasonCode.SessionTakenOver);
                }
            }
        }

        DeliveryLog.Reattached(logger, shard, connected.Length);
    }

    private IEnumerable<Session> Own() => sessions.All.Where(session => shards.Of(session.Key) == shard);
}
