using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners.Certificates;

public sealed partial class ClientTrust
{
    [LoggerMessage(1125, LogLevel.Debug, "Authorities of client certificates loaded: {Authorities}, {Revoked} certificates revoked.")]
    private static partial void LogLoaded(ILogger logger, int authorities, int revoked);

    [LoggerMessage(1126, LogLevel.Information, "Authorities of client certificates reloaded: {Authorities}, {Revoked} certificates revoked. Connections that exist go on.")]
    private static partial void LogReloaded(ILogger logger, int authorities, int revoked);

    [LoggerMessage(1127, LogLevel.Error, "Authorities or revocation lists of client certificates changed but cannot be used, the old ones stay: {Cause}")]
    private static partial void LogReloadFailed(ILogger logger, string cause);

    [LoggerMessage(1128, LogLevel.Warning, "The revocation list of {Authority} expired at {NextUpdate:u}: its clients are refused until Tls:ClientCrl holds a newer one.")]
    private static partial void LogExpired(ILogger logger, string authority, DateTimeOffset nextUpdate);
}
