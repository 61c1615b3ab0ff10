using System.Text;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Delivery;

/// <summary>Retained messages: set through the lanes of their shards, sent to new subscribers page by page. MQTT 5 §3.3.1.3.</summary>
internal sealed class RetainedMessages(
    Func<int, RetainLane> create, DirectoryClient directory, TimerWheel wheel, GrainCalls calls, TimeProvider time,
    ILogger<RetainedMessages> logger)
{
    private const int PageMessages = 500;
    private const int PageBytes = 512 * 1024;

    private readonly Lock _lock = new();
    private readonly Lazy<RetainLane[]> _lanes = new(() => [.. Enumerable.Range(0, directory.View.RetainShards).Select(create)]);

    private TaskCompletionSource? _idle;
    private int _sending;

    /// <summary>Stores the message for its topic, or clears the topic when the payload is empty. [MQTT-3.3.1-5] [MQTT-3.3.1-6]</summary>
    /// <param name="message">The message.</param>
    /// <param name="burst">Sends it.</param>
    /// <returns>The commit.</returns>
    public Task<SessionResult> Set(in Message message, Burst burst)
    {
        var topic = Encoding.UTF8.GetString(message.Topic);
        var lanes = _lanes.Value;
        var lane = lanes[RetainShard.Of(SessionRegistry.Tenant, topic, lanes.Length)];
        var record = message.PayloadLength == 0 ? null : message.ToArray(); // [MQTT-3.3.1-7]
        burst.Store.FlushLater(lane);
        return lane.Set(new RetainEntry(topic, record, message.ExpiresAt), message.Length);
    }

    /// <summary>Sends what is retained for a new subscription, at the pace of the client. One that is going is sent nothing.</summary>
    public async Task SendAsync(RetainedReplay replay, SubscribeEntry entry, uint identifier)
    {
        Begin();
        try
        {
            if (replay.Connection.IsClosing)
            {
                return;
            }

            var lanes = _lanes.Value;
            var only = RetainShard.For(SessionRegistry.Tenant, entry.Filter, lanes.Length);
            foreach (var shard in only is { } one ? [one] : Enumerable.Range(0, lanes.Length))
            {
                await lanes[shard].DrainedAsync().ConfigureAwait(false); // what was acknowledged, or published here before, is found
                await SendShardAsync(replay, entry, identifier, lanes[shard].Shard).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            DeliveryLog.RetainedQueryFailed(logger, entry.Filter, replay.ClientId, exception);
            replay.Connection.Close(CloseCause.InternalError, ReasonCode.ServerBusy);
        }
        finally
        {
            End();
        }
    }

    /// <summary>Completes when no shard is being asked for a client. When every connection is closing, none will be asked again.</summary>
    public Task IdleAsync()
    {
        lock (_lock)
        {
            return _sending == 0
                ? Task.CompletedTask : (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void Begin()
    {
        lock (_lock)
        {
            _sending++;
        }
    }

    private void End()
    {
        lock (_lock)
        {
            if (--_sending == 0)
            {
                _idle?.SetResult();
                _idle = null;
            }
        }
    }

    private async Task SendShardAsync(RetainedReplay replay, SubscribeEntry entry, uint identifier, IRetainGrain shard)
    {
        string? after = null;
        do
        {
            var query = new RetainQuery(SessionRegistry.Tenant, entry.Filter, after, PageMessages, PageBytes);
            var page = await calls.CallAsync(() => shard.QueryAsync(query), static _ => SessionResult.Ok).ConfigureAwait(false);
            await replay.RoomAsync().ConfigureAwait(false);
            var deliveries = Deliveries(page.Messages, entry, identifier);
            while (!await Deliver(deliveries, replay).ConfigureAwait(false) && !replay.Connection.IsClosing)
            {
                deliveries.RemoveAll(delivery => !replay.IsKeptThroughCrashes(delivery)); // the others are on their way
                await Task.Delay(Attempts.LongPause, time).ConfigureAwait(false); // a full disk is asked again
            }

            after = page.Next;

            // A client that takes its pages at once would otherwise keep the thread that reads for other connections too: a shard's answer may
            // be there before it is awaited, the next page's and the next shard's alike.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
        while (after is not null && !replay.Connection.IsClosing);
    }

    private List<QueuedDelivery> Deliveries(RetainEntry[] messages, SubscribeEntry entry, uint identifier)
    {
        uint[] identifiers = identifier == 0 ? [] : [identifier];
        var deliveries = new List<QueuedDelivery>(messages.Length);
        foreach (var retained in messages)
        {
            if (Message.TryRead(retained.Message, out var message) && !message.IsExpired(wheel.UnixNow))
            {
                deliveries.Add(new QueuedDelivery
                {
                    Message = message,
                    SubscriptionIdentifiers = identifiers,
                    QoS = message.QoS < entry.MaximumQoS ? message.QoS : entry.MaximumQoS,
                    Retain = true, // [MQTT-3.3.1-8]
                });
            }
        }

        return deliveries;
    }

    /// <returns>Whether the store has taken those that it is to keep.</returns>
    private static Task<bool> Deliver(List<QueuedDelivery> deliveries, RetainedReplay replay)
    {
        var burst = Burst.Rent();
        foreach (var delivery in deliveries)
        {
            replay.Deliver(delivery, burst);
        }

        var commit = burst.Flush();
        burst.Return();
        return commit is null ? Task.FromResult(true) : IsTakenAsync(commit);
    }

    private static async Task<bool> IsTakenAsync(Task<SessionResult> commit) => await commit.ConfigureAwait(false) == SessionResult.Ok;
}
