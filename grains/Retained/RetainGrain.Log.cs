using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Shards;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Grains.Retained;

internal sealed partial class RetainGrain
{
    /// <summary>The log events of a retain shard.</summary>
    private sealed partial class Log(ILogger logger) : IShardLog
    {
        [LoggerMessage(6200, LogLevel.Debug,
            "Retain shard {Shard} opened at epoch {Epoch} with {Messages} messages",
            EventName = "RetainShardOpened")]
        public partial void Opened(int shard, long epoch, int messages);

        [LoggerMessage(6201, LogLevel.Warning,
            "Retain shard {Shard} is owned by a newer activation; the one of epoch {Epoch} ends",
            EventName = "RetainShardFenced")]
        public partial void Fenced(int shard, long epoch);

        [LoggerMessage(6202, LogLevel.Error,
            "Retain shard {Shard} cannot be opened: {Fault}",
            EventName = "RetainShardNotOpened")]
        public partial void NotOpened(int shard, string fault);

        [LoggerMessage(6203, LogLevel.Warning,
            "Retain shard {Shard}: the activation of epoch {Epoch} ends and the journal is read again, because an append was answered {Why}",
            EventName = "RetainShardEnded")]
        public partial void Ended(int shard, long epoch, JournalResult why);
    }
}
