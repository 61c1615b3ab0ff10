using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// Reads pages of a session's queue for as long as the store has more than the session has seen, and the session has room: after a
/// CONNECT, and whenever the client is slower than its publishers.
/// </summary>
internal sealed class QueueReader(StoreShards shards, TimeProvider time, ILogger<QueueReader> logger)
{
    /// <summary>Begins on another thread: callers hold the session's gate.</summary>
    public void Start(IDurableSession session) =>
        ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Reader.RunAsync(work.Session), (Reader: this, Session: session), preferLocal: false);

    private async Task RunAsync(IDurableSession session)
    {
        while (session.NextRead() is { } read)
        {
            if (await ReadAsync(read).ConfigureAwait(false) is { } page)
            {
                session.OnPageRead(read.Epoch, page);
            }
            else
            {
                await Task.Delay(Attempts.LongPause, time).ConfigureAwait(false); // the shard is moving, or its disk cannot be read
            }
        }
    }

    /// <summary>Null when there was no answer.</summary>
    private async Task<QueuePage?> ReadAsync(QueueRead read)
    {
        var failure = "the shard is busy";
        try
        {
            var page = await shards.CallAsync(read.Key, shard => shard.ReadAsync(read), static page => page.Result).ConfigureAwait(false);
            if (page.Result != SessionResult.Busy)
            {
                return page;
            }
        }
        catch (Exception exception)
        {
            failure = exception.Message;
        }

        StoreLinkLog.ReadFailed(logger, read.Key, failure);
        return null;
    }
}
