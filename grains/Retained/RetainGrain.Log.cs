using Microsoft.Extensions.Logging;

namespace GrainMQ.Grains.Retained;

internal sealed partial class RetainGrain
{
    [LoggerMessage(6200, LogLevel.Debug,
        "Retain shard {Shard} opened at epoch {Epoch} with {Messages} messages",
        EventName = "RetainShardOpened")]
    private static partial void LogOpened(ILogger logger, int shard, long epoch, int messages);

    [LoggerMessage(6201, LogLevel.Warning,
        "Retain shard {Shard} is owned by a newer activation; the one of epoch {Epoch} ends",
        EventName = "RetainShardFenced")]
    private static partial void LogFenced(ILogger logger, int shard, long epoch);
}
