using GrainMQ.Grains.Journals;
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

    [LoggerMessage(6202, LogLevel.Error,
        "Retain shard {Shard} cannot be opened: {Fault}",
        EventName = "RetainShardNotOpened")]
    private static partial void LogNotOpened(ILogger logger, int shard, string fault);

    [LoggerMessage(6203, LogLevel.Warning,
        "Retain shard {Shard}: the activation of epoch {Epoch} ends and the journal is read again, because an append was answered {Why}",
        EventName = "RetainShardEnded")]
    private static partial void LogEnded(ILogger logger, int shard, long epoch, JournalResult why);
}
