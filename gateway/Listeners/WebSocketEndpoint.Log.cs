using System.Net;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners;

internal sealed partial class WebSocketEndpoint
{
    [LoggerMessage(1130, LogLevel.Debug, "Listener {Listener}: request of {Client} answered with {Status}: {Reason}")]
    private static partial void LogRefused(ILogger logger, string listener, IPAddress? client, int status, string reason);
}
