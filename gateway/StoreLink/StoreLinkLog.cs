using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>Events 4400–4419 are shared with the logs of Sessions and Delivery.</summary>
internal static partial class StoreLinkLog
{
    [LoggerMessage(4400, LogLevel.Error, "The session store did not take {Entries} messages for durable sessions; their publishers get no acknowledgement")]
    public static partial void QueueBatchFailed(ILogger logger, int entries, Exception? exception);

    [LoggerMessage(4401, LogLevel.Error, "The retained store did not take {Entries} messages; their publishers get no acknowledgement")]
    public static partial void RetainBatchFailed(ILogger logger, int entries, Exception? exception);

    [LoggerMessage(4402, LogLevel.Warning, "Retained quota reached: {Refused} messages refused, the first on {Topic}; raise Grains:RetainedMaxMessages or Grains:RetainedMaxBytes")]
    public static partial void RetainQuotaReached(ILogger logger, string topic, int refused);

    [LoggerMessage(4403, LogLevel.Warning, "Store shard {Shard} did not answer: {Reason}")]
    public static partial void PollFailed(ILogger logger, int shard, string reason);

    [LoggerMessage(4408, LogLevel.Warning, "The directory did not answer: {Reason}")]
    public static partial void HeartbeatFailed(ILogger logger, string reason);

    [LoggerMessage(4409, LogLevel.Warning, "The session store did not take the acknowledgements of {Sessions} sessions; after a crash their messages would be sent again")]
    public static partial void ProgressFailed(ILogger logger, int sessions, Exception? exception);

    [LoggerMessage(4410, LogLevel.Warning, "The queue of {Key} could not be read and is asked for again: {Reason}")]
    public static partial void ReadFailed(ILogger logger, string key, string reason);
}
