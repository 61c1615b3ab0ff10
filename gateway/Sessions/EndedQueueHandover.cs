using System.Collections.Concurrent;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// Hands over what sessions that have ended left to other members of their Shared Subscriptions, page after page, until the store has nothing left.
/// While no member can take more, it looks again every second. MQTT 5 §4.8.2.
/// </summary>
internal sealed class EndedQueueHandover(
    StoreShards shards, DirectoryClient directory, IMessagePublisher publisher, GrainCalls calls, ILogger<EndedQueueHandover> logger)
{
    // so few that a crash in between hands little over twice
    private const int PageMessages = 100;
    private const int PageBytes = 512 * 1024;

    private readonly ConcurrentDictionary<string, bool> _running = new(StringComparer.Ordinal);

    /// <summary>Begins, unless it is under way.</summary>
    /// <param name="shard">Which has the queue.</param>
    /// <param name="queue">Leased to this gateway, which it stays while it is worked on.</param>
    public void Begin(int shard, EndedQueue queue)
    {
        if (_running.TryAdd(queue.Key, true))
        {
            _ = RunAsync(shard, queue);
        }
    }

    private async Task RunAsync(int shard, EndedQueue queue)
    {
        if (!await TryEndAsync(shard, queue, isFirst: true).ConfigureAwait(false))
        {
            await calls.RepeatAsync(() => TryEndAsync(shard, queue, isFirst: false)).ConfigureAwait(false);
        }

        _running.TryRemove(queue.Key, out _);
    }

    /// <summary>False when it is to go on later.</summary>
    private async Task<bool> TryEndAsync(int shard, EndedQueue queue, bool isFirst)
    {
        try
        {
            while (true)
            {
                var page = await shards[shard].ReadAsync(new QueueRead(queue.Key, queue.Epoch, 0, PageMessages, PageBytes)).ConfigureAwait(false);
                if (page.Result != SessionResult.Ok)
                {
                    return page.Result != SessionResult.Busy; // all of it has left, or another gateway has done it
                }

                if (page.Messages.Length == 0)
                {
                    return await RemoveAsync(shard, queue, [1, Math.Max(1, page.Last)]).ConfigureAwait(false); // the rest had expired
                }

                var (done, isAnyGiven) = await publisher.HandOverAsync(shard, queue, page.Messages).ConfigureAwait(false);
                if (!await RemoveAsync(shard, queue, [.. done.SelectMany(number => new[] { number, number })]).ConfigureAwait(false) || !isAnyGiven)
                {
                    return false;
                }
            }
        }
        catch (Exception exception)
        {
            if (isFirst) // expected: the shard is moving
            {
                SessionLog.HandOverFailed(logger, shard, exception.Message);
            }

            return false;
        }
    }

    private async Task<bool> RemoveAsync(int shard, EndedQueue queue, long[] pairs) => pairs.Length == 0
        || (await shards[shard].ReportAsync(new ProgressBatch(directory.Self, [new SessionProgress(queue.Key, queue.Epoch, pairs, [], [])])).ConfigureAwait(false)).Result
            == SessionResult.Ok;
}
