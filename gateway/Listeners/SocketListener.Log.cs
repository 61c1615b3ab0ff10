using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners;

public sealed partial class SocketListener
{
    [LoggerMessage(1101, LogLevel.Error, "Listener {Listener} cannot accept ({Error}: {Cause}) and tries again. TooManyOpenSockets: raise the limit of open files (ulimit -n, LimitNOFILE).")]
    private static partial void LogAcceptFailed(ILogger logger, string listener, SocketError error, string cause);

    [LoggerMessage(1102, LogLevel.Debug, "Listener {Listener}: a client was gone before it was accepted: {Cause}")]
    private static partial void LogGoneBeforeAccept(ILogger logger, string listener, string cause);

    [LoggerMessage(1103, LogLevel.Error, "Listener {Listener}: serving {Client} failed in an unexpected way; the connection is closed.")]
    private static partial void LogHandlerFailed(ILogger logger, Exception cause, string listener, EndPoint? client);
}
