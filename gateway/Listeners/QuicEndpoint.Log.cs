using System.Net;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners;

public sealed partial class QuicEndpoint
{
    [LoggerMessage(1150, LogLevel.Warning, "Listener {Listener}: a QUIC handshake failed: {Cause}")]
    private static partial void LogHandshakeFailed(ILogger logger, string listener, string cause);

    [LoggerMessage(1151, LogLevel.Error, "Listener {Listener} failed to accept a QUIC connection and goes on.")]
    private static partial void LogAcceptFailed(ILogger logger, Exception cause, string listener);

    [LoggerMessage(1152, LogLevel.Error, "Listener {Listener}: serving {Client} failed in an unexpected way; the QUIC connection is closed.")]
    private static partial void LogHandlerFailed(ILogger logger, Exception cause, string listener, EndPoint? client);

    [LoggerMessage(1153, LogLevel.Warning, "Listener {Listener}: {Client} is refused: {Cause}")]
    private static partial void LogCertificateRefused(ILogger logger, string listener, EndPoint? client, string? cause);
}
