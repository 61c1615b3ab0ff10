using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Shards;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Grains.Sessions;

internal sealed partial class SessionStoreGrain
{
    /// <summary>The log events of a store shard.</summary>
    internal sealed partial class Log(ILogger logger) : IShardLog
    {
        [LoggerMessage(6100, LogLevel.Debug,
            "Session store shard {Shard} opened at epoch {Epoch} with {Sessions} sessions",
            EventName = "StoreShardOpened")]
        public partial void Opened(int shard, long epoch, int sessions);

        [LoggerMessage(6101, LogLevel.Warning,
            "Session store shard {Shard} is owned by a newer activation; the one of epoch {Epoch} ends",
            EventName = "StoreShardFenced")]
        public partial void Fenced(int shard, long epoch);

        [LoggerMessage(6102, LogLevel.Information,
            "Session store shard {Shard} takes gateway {Gateway} for lost: its sessions are disconnected",
            EventName = "GatewayLost")]
        public partial void GatewayLost(int shard, long gateway);

        [LoggerMessage(6103, LogLevel.Error,
            "Session store shard {Shard} cannot be opened: {Fault}",
            EventName = "StoreShardNotOpened")]
        public partial void NotOpened(int shard, string fault);

        [LoggerMessage(6104, LogLevel.Warning,
            "Session store shard {Shard}: the activation of epoch {Epoch} ends and the journal is read again, because an append was answered {Why}",
            EventName = "StoreShardEnded")]
        public partial void Ended(int shard, long epoch, JournalResult why);

        [LoggerMessage(6105, LogLevel.Error,
            "Session store shard {Shard}: {Messages} messages of session {Key} are damaged on the disk and are not delivered",
            EventName = "QueuedMessagesLost")]
        public partial void MessagesLost(int shard, string key, int messages);

        [LoggerMessage(6106, LogLevel.Information,
            "Session store shard {Shard}: {Moved} bytes of messages were appended anew, so that {Freed} bytes of old segments could go",
            EventName = "StoreShardCompacted")]
        public partial void Compacted(int shard, long moved, long freed);
    }
}
