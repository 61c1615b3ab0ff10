using System.Net;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners;

public sealed partial class TlsHandshake
{
    [LoggerMessage(1110, LogLevel.Warning, "Listener {Listener}: TLS handshake with {Client} failed: {Cause}")]
    private static partial void LogFailed(ILogger logger, string listener, EndPoint? client, string cause);
}
