using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Shards;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Grains.Directory;

internal sealed partial class DirectoryGrain
{
    /// <summary>The log events of the directory.</summary>
    private sealed partial class Log(ILogger logger) : IShardLog
    {
        [LoggerMessage(6000, LogLevel.Debug, "Directory {Shard} opened at epoch {Epoch} with {Gateways} gateways", EventName = "DirectoryOpened")]
        public partial void Opened(int shard, long epoch, int gateways);

        [LoggerMessage(6001, LogLevel.Warning,
            "Directory {Shard} is owned by a newer activation; the one of epoch {Epoch} ends",
            EventName = "DirectoryFenced")]
        public partial void Fenced(int shard, long epoch);

        [LoggerMessage(6002, LogLevel.Error, "Directory {Shard} cannot be opened: {Fault}", EventName = "DirectoryNotOpened")]
        public partial void NotOpened(int shard, string fault);

        [LoggerMessage(6003, LogLevel.Warning,
            "Directory {Shard}: the activation of epoch {Epoch} ends and the journal is read again, because an append was answered {Why}",
            EventName = "DirectoryEnded")]
        public partial void Ended(int shard, long epoch, JournalResult why);
    }
}
