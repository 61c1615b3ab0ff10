using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Logging;
using GrainMQ.Silo;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting;

/// <summary>Makes a gateway that finds no silo wait for one; logs this at first and then every 30 seconds.</summary>
internal sealed partial class SiloWait(RoleOptions options, TimeProvider time, ILogger<SiloWait> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    private readonly LogInterval _lines = new(time, TimeSpan.FromSeconds(30));

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_lines.TryTake())
        {
            if (await SiloPorts.IsListeningAsync(options.GatewayPort, cancellationToken))
            {
                LogRefused(logger, options.GatewayPort, options.Id, exception.Message);
            }
            else
            {
                LogWaiting(logger, options.Id, options.GatewayPort);
            }
        }
        await Task.Delay(RetryDelay, time, cancellationToken);
        return true;
    }

    [LoggerMessage(1006, LogLevel.Warning,
        "No silo listens on 127.0.0.1:{Port}, and no listener opens before one does. Start one with --cluster-id {Cluster}, or set " +
        "Cluster:GatewayPort to where it listens.")]
    private static partial void LogWaiting(ILogger logger, string? cluster, int port);

    [LoggerMessage(1007, LogLevel.Warning,
        "What listens on 127.0.0.1:{Port} is no silo of cluster '{Cluster}', and no listener opens before one answers. Give the gateway and its " +
        "silos the same --cluster-id, or set Cluster:GatewayPort to where they listen. ({Cause})")]
    private static partial void LogRefused(ILogger logger, int port, string? cluster, string cause);
}
