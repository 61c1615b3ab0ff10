using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Security;

/// <summary>Events 1140–1149.</summary>
internal sealed partial class PasswordFileWatch
{
    [LoggerMessage(1140, LogLevel.Information, "Password file {File} loaded: {Users} users.")]
    private static partial void LogLoaded(ILogger logger, string file, int users);

    [LoggerMessage(1141, LogLevel.Error, "The password file changed but cannot be used, the old users stay: {Cause}")]
    private static partial void LogReloadFailed(ILogger logger, string cause);
}
