using System.Net;
using GrainMQ.Gateway.Protocol;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Handlers;

/// <summary>Events 4500–4599.</summary>
internal static partial class HandlerLog
{
    [LoggerMessage(4500, LogLevel.Debug, "{ClientId} connected from {Client}: {Version}, session present {SessionPresent}")]
    public static partial void Connected(ILogger logger, string clientId, EndPoint? client, ProtocolVersion version, bool sessionPresent);

    [LoggerMessage(4501, LogLevel.Warning, "CONNECT of {ClientId} from {Client} refused: {Reason}")]
    public static partial void Refused(ILogger logger, string clientId, EndPoint? client, ReasonCode reason);

    [LoggerMessage(4503, LogLevel.Error, "SUBSCRIBE of {ClientId} was not committed: {Error}")]
    public static partial void SubscribeFailed(ILogger logger, string clientId, string error);

    [LoggerMessage(4504, LogLevel.Error, "UNSUBSCRIBE of {ClientId} was not committed: {Error}")]
    public static partial void UnsubscribeFailed(ILogger logger, string clientId, string error);

    [LoggerMessage(4505, LogLevel.Debug, "{ClientId} from {Client} authenticated again")]
    public static partial void Reauthenticated(ILogger logger, string clientId, EndPoint? client);

    [LoggerMessage(4506, LogLevel.Warning, "{ClientId} from {Client} could not authenticate again and is disconnected")]
    public static partial void ReauthenticationRefused(ILogger logger, string clientId, EndPoint? client);

    [LoggerMessage(4507, LogLevel.Error, "Authenticating {ClientId} failed in an unexpected way; it is refused")]
    public static partial void AuthenticatorFailed(ILogger logger, string clientId, Exception exception);
}
