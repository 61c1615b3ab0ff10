using System.Net;
using GrainMQ.Gateway.Listeners;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting;

internal sealed partial class GatewayService
{
    [LoggerMessage(1002, LogLevel.Debug, "Listener {Listener} ({Kind}) is open on {EndPoint}.")]
    private static partial void LogListening(ILogger logger, string listener, ListenerKind kind, EndPoint endPoint);

    [LoggerMessage(1003, LogLevel.Information, "Stopping: no new connections, clients are told.")]
    private static partial void LogStopping(ILogger logger);

    [LoggerMessage(1004, LogLevel.Information, "Stopped.")]
    private static partial void LogStopped(ILogger logger);

    [LoggerMessage(1005, LogLevel.Warning, "Security:AllowAnonymous is false and no authenticator is configured: every client will be refused.")]
    private static partial void LogNoClientCanConnect(ILogger logger);
}
