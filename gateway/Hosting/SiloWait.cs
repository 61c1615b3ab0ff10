using Microsoft.Extensions.Logging;
using Orleans;

namespace GrainMQ.Gateway.Hosting;

/// <summary>A gateway that finds no silo waits for one, and says so at first and then every 30 seconds.</summary>
internal sealed partial class SiloWait(RoleOptions options, TimeProvider time, ILogger<SiloWait> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    private readonly LogLimiter _lines = new(time, TimeSpan.FromSeconds(30));

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_lines.TryTake(out _))
            LogWaiting(logger, options.Id, options.GatewayPort, exception.Message);
        await Task.Delay(RetryDelay, time, cancellationToken);
        return true;
    }

    [LoggerMessage(1006, LogLevel.Warning,
        "No silo of cluster '{Cluster}' answers on 127.0.0.1:{Port}, and no listener opens before one does. Start one with the same --cluster-id, " +
        "or set Cluster:GatewayPort to where it listens. ({Cause})")]
    private static partial void LogWaiting(ILogger logger, string? cluster, int port, string cause);
}
