using Microsoft.Extensions.Logging;
using Orleans;

namespace GrainMQ.Silo.Embedded;

internal static partial class EmbeddedClusterLog
{
    [LoggerMessage(5101, LogLevel.Error, "{Grain} did not activate")]
    public static partial void ActivationFailed(this ILogger logger, Exception exception, GrainId grain);

    [LoggerMessage(5102, LogLevel.Warning, "{Grain} did not deactivate cleanly ({Reason})")]
    public static partial void DeactivationFailed(this ILogger logger, Exception exception, GrainId grain, DeactivationReasonCode reason);

    [LoggerMessage(5103, LogLevel.Error, "A timer of {Grain} failed; it goes on")]
    public static partial void TimerFailed(this ILogger logger, Exception exception, GrainId grain);

    [LoggerMessage(5104, LogLevel.Error, "{Grain}: an async void method failed during {Request}")]
    public static partial void TurnFailed(this ILogger logger, Exception exception, GrainId grain, string request);

    [LoggerMessage(5105, LogLevel.Warning, "The grain engine stopped with {Count} activations that did not deactivate in time")]
    public static partial void StopTimedOut(this ILogger logger, int count);
}
