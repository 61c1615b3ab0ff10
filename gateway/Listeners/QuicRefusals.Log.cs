using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners;

internal sealed partial class QuicRefusals
{
    [LoggerMessage(1154, LogLevel.Warning, "{Count} QUIC clients were refused since the last look, because {Cause}.")]
    private static partial void LogRefused(ILogger logger, long count, string cause);
}
