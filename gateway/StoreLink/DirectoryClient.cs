using GrainMQ.Gateway.Logging;
using GrainMQ.Grains.Contracts;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>Keeps this gateway's lease in the directory and knows the current view of the cluster.</summary>
internal sealed class DirectoryClient(
    IGrainFactory grains, GatewayRef self, Func<int> connections, TimeProvider time, ILogger<DirectoryClient> logger)
{
    /// <summary>The lease lasts 20 seconds.</summary>
    private static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(1);

    private readonly LogLimiter _failures = new(time, TimeSpan.FromSeconds(10));
    private IDirectoryGrain? _directory;
    private ClusterView? _view;

    /// <summary>What the next beat says of this gateway.</summary>
    public GatewayState State { get; set; } = GatewayState.Joining;

    /// <summary>The last view. The shard counts in it never change.</summary>
    public ClusterView View => Volatile.Read(ref _view) ?? throw new InvalidOperationException("The directory was not asked yet.");

    /// <summary>The gateways of the last view; null before the first one.</summary>
    public GatewayRef[]? Live => Volatile.Read(ref _view)?.Gateways.Select(beat => beat.Gateway).ToArray();

    /// <summary>Made at the first call: when this object is, there may be no connection to the silos yet.</summary>
    private IDirectoryGrain Directory => _directory ??= grains.GetGrain<IDirectoryGrain>(0);

    /// <summary>Joins: after it the shard counts of the cluster are known.</summary>
    /// <exception cref="StartupException">The silos are of a version that this gateway does not understand.</exception>
    public async Task JoinAsync() => Volatile.Write(ref _view, await BeatAsync().ConfigureAwait(false));

    /// <summary>Renews the lease every second until the gateway stops. Never throws.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(BeatEvery, time);
        while (!stopping.IsCancellationRequested && await NextAsync(timer, stopping).ConfigureAwait(false))
        {
            try
            {
                Volatile.Write(ref _view, await BeatAsync().ConfigureAwait(false));
            }
            catch (Exception exception)
            {
                if (_failures.TryTake(out _))
                {
                    StoreLinkLog.HeartbeatFailed(logger, exception.Message); // live traffic goes on without the directory
                }
            }
        }
    }

    /// <summary>Gives the lease up, or lets it run out when the directory does not answer.</summary>
    public async Task LeaveAsync()
    {
        try
        {
            await Directory.LeaveAsync(self).WaitAsync(Attempts.Timeout, time).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            StoreLinkLog.HeartbeatFailed(logger, exception.Message); // the lease runs out instead
        }
    }

    private async Task<ClusterView> BeatAsync()
    {
        var beat = new GatewayBeat(self, Environment.MachineName, State, connections());
        var view = await Directory.HeartbeatAsync(beat).WaitAsync(Attempts.Timeout, time).ConfigureAwait(false);
        return ContractVersion.IsCompatible(view.Contracts)
            ? view
            : throw new StartupException(
                $"The silos speak version {view.Contracts} of the contracts, and this gateway version {ContractVersion.Current}. Versions may differ by one: " +
                "upgrade the silos first, one version at a time, then the gateways.");
    }

    private static async ValueTask<bool> NextAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
