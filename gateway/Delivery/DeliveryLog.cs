using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Delivery;

/// <summary>Events 4400–4499.</summary>
internal static partial class DeliveryLog
{
    [LoggerMessage(4400, LogLevel.Error, "The session store did not take {Entries} messages for durable sessions; their publishers get no acknowledgement")]
    public static partial void QueueBatchFailed(ILogger logger, int entries, Exception? exception);

    [LoggerMessage(4401, LogLevel.Error, "The retained store did not take {Entries} messages; their publishers get no acknowledgement")]
    public static partial void RetainBatchFailed(ILogger logger, int entries, Exception? exception);

    [LoggerMessage(4402, LogLevel.Warning, "Retained quota reached: {Refused} messages refused, the first on {Topic}; raise Grains:RetainedMaxMessages or Grains:RetainedMaxBytes")]
    public static partial void RetainQuotaReached(ILogger logger, string topic, int refused);

    [LoggerMessage(4403, LogLevel.Warning, "Store shard {Shard} did not answer: {Reason}")]
    public static partial void PollFailed(ILogger logger, int shard, string reason);

    [LoggerMessage(4404, LogLevel.Information, "Store shard {Shard} started anew; attached {Sessions} sessions again")]
    public static partial void Reattached(ILogger logger, int shard, int sessions);

    [LoggerMessage(4405, LogLevel.Error, "Closing session {Key} failed; its state is kept here until the client returns")]
    public static partial void CloseFailed(ILogger logger, string key, Exception? exception);

    [LoggerMessage(4406, LogLevel.Warning, "A stored message of {Key} could not be read and was left out")]
    public static partial void UnreadableMessage(ILogger logger, string key);

    [LoggerMessage(4407, LogLevel.Error, "Sending retained messages for {Filter} to {ClientId} failed; the client is disconnected so that it asks again")]
    public static partial void RetainedQueryFailed(ILogger logger, string filter, string clientId, Exception exception);

    [LoggerMessage(4408, LogLevel.Warning, "The directory did not answer: {Reason}")]
    public static partial void HeartbeatFailed(ILogger logger, string reason);

    [LoggerMessage(4409, LogLevel.Warning, "The session store did not take the acknowledgements of {Sessions} sessions; after a crash their messages would be sent again")]
    public static partial void ProgressFailed(ILogger logger, int sessions, Exception? exception);

    [LoggerMessage(4410, LogLevel.Warning, "The queue of {Key} could not be read and is asked for again: {Reason}")]
    public static partial void ReadFailed(ILogger logger, string key, string reason);

    [LoggerMessage(4411, LogLevel.Warning, "The session store was not told that the will of {Key} is out, and is told again; after 10 seconds it is published a second time")]
    public static partial void WillNotCompleted(ILogger logger, string key, Exception? exception);
}
