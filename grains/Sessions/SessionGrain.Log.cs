using Microsoft.Extensions.Logging;

namespace GrainMQ.Grains.Sessions;

internal sealed partial class SessionGrain
{
    [LoggerMessage(6110, LogLevel.Debug, "Session {Key}: the store shard did not answer", EventName = "StoreCallFailed")]
    private static partial void LogStoreFailed(ILogger logger, string key, Exception exception);
}
