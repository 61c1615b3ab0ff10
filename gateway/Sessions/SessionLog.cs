using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Sessions;

/// <summary>Events of opening and ending sessions, numbered among those of StoreLink and Handlers.</summary>
internal static partial class SessionLog
{
    [LoggerMessage(4404, LogLevel.Information, "Store shard {Shard} started anew; attached {Sessions} sessions again")]
    public static partial void Reattached(ILogger logger, int shard, int sessions);

    [LoggerMessage(4405, LogLevel.Error, "Closing session {Key} failed; its state is kept here until the client returns")]
    public static partial void CloseFailed(ILogger logger, string key, Exception? exception);

    [LoggerMessage(4406, LogLevel.Warning, "A stored message of {Key} could not be read and was left out")]
    public static partial void UnreadableMessage(ILogger logger, string key);

    [LoggerMessage(4411, LogLevel.Warning, "The session store was not told that the will of {Key} is out, and is told again; after 10 seconds it is published a second time")]
    public static partial void WillNotCompleted(ILogger logger, string key, Exception? exception);

    [LoggerMessage(4412, LogLevel.Warning, "What an ended session left to share groups in store shard {Shard} could not be handed over and is tried again: {Error}")]
    public static partial void HandOverFailed(ILogger logger, int shard, string error);

    [LoggerMessage(4502, LogLevel.Error, "CONNECT of {ClientId} could not be answered: {Error}")]
    public static partial void OpenFailed(ILogger logger, string clientId, string error);
}
