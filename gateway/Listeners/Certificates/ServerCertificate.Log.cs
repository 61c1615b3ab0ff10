using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners.Certificates;

public sealed partial class ServerCertificate
{
    [LoggerMessage(1120, LogLevel.Debug, "Certificate {File} loaded: {Subject}, valid until {NotAfter:u}.")]
    private static partial void LogLoaded(ILogger logger, string file, string subject, DateTime notAfter);

    [LoggerMessage(1121, LogLevel.Information, "Certificate {File} reloaded: {Subject}, valid until {NotAfter:u}. Connections that exist go on with the old one.")]
    private static partial void LogReloaded(ILogger logger, string file, string subject, DateTime notAfter);

    [LoggerMessage(1122, LogLevel.Error, "Certificate {File} changed but cannot be used, the old one stays: {Cause}")]
    private static partial void LogReloadFailed(ILogger logger, string file, string cause);

    [LoggerMessage(1123, LogLevel.Warning, "Certificate {File} is only valid from {NotBefore:u} until {NotAfter:u}: clients will refuse it.")]
    private static partial void LogOutOfDate(ILogger logger, string file, DateTime notBefore, DateTime notAfter);
}
