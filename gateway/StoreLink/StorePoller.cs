using GrainMQ.Gateway.Logging;
using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// Listens to one store shard with a hanging call and hands each answer to the listener. The next call acknowledges what the last one brought.
/// </summary>
internal sealed class StorePoller(
    int shard, StoreShards shards, DirectoryClient directory, IStoreListener listener, SteadyClock clock, TimeProvider time,
    ILogger<StorePoller> logger)
{
    /// <summary>How long the shard may wait for news before it answers.</summary>
    private static readonly TimeSpan HangingCall = TimeSpan.FromSeconds(10);

    /// <summary>A gateway that stops has 5 seconds in all.</summary>
    private static readonly TimeSpan LastCall = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ISessionStoreGrain _grain = shards[shard];
    private readonly LogInterval _failures = new(time, TimeSpan.FromSeconds(10));
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
                if (_failures.TryTake())
                {
                    StoreLinkLog.PollFailed(logger, shard, exception.Message);
                }

                await Task.Delay(Attempts.PollPause, time, stopping).ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
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
            await _grain.PollAsync(PollFor(TimeSpan.Zero)).WaitAsync(LastCall, time).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            StoreLinkLog.PollFailed(logger, shard, exception.Message);
        }
    }

    private async Task PollAsync(CancellationToken stopping)
    {
        var asked = listener.NextMoment();
        var reply = await _grain.PollAsync(PollFor(HangingCall)).WaitAsync(HangingCall + Attempts.Timeout, time, stopping).ConfigureAwait(false);
        clock.Reach(reply.Now);
        if (_shardEpoch != 0 && reply.ShardEpoch != _shardEpoch)
        {
            await listener.ReattachAsync(shard).ConfigureAwait(false);
        }

        _completed = await listener.TakeAsync(shard, reply, asked).ConfigureAwait(false);
        (_shardEpoch, _version) = (reply.ShardEpoch, reply.Version);
        _loaded.TrySetResult();
    }

    private StorePoll PollFor(TimeSpan wait)
    {
        var view = directory.View;
        return new StorePoll(
            directory.Self, _shardEpoch, _version, [.. view.Gateways.Select(static beat => beat.Gateway)], _completed, (int)wait.TotalMilliseconds,
            view.Oldest);
    }
}
