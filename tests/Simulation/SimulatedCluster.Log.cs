using Microsoft.Extensions.Logging;

namespace GrainMQ.Tests.Simulation;

internal static partial class SimulatedClusterLog
{
    [LoggerMessage(5101, LogLevel.Error, "{Grain} did not activate")]
    public static partial void ActivationFailed(this ILogger logger, Exception exception, GrainName grain);

    [LoggerMessage(5102, LogLevel.Warning, "{Grain} did not deactivate cleanly ({Reason})")]
    public static partial void DeactivationFailed(this ILogger logger, Exception exception, GrainName grain, DeactivationReasonCode reason);

    [LoggerMessage(5103, LogLevel.Warning, "A timer of {Grain} failed; it goes on")]
    public static partial void TimerFailed(this ILogger logger, Exception exception, GrainName grain);

    [LoggerMessage(5105, LogLevel.Warning, "The silos stopped with {Count} activations that did not deactivate in time")]
    public static partial void StopTimedOut(this ILogger logger, int count);
}
