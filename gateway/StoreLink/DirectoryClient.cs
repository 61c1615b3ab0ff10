using GrainMQ.Gateway.Logging;
using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>Keeps this gateway's lease in the directory and knows the current view of the cluster.</summary>
internal sealed class DirectoryClient(
    IGrainFactory grains, bool isAlone, Func<int> connections, SteadyClock clock, TimeProvider time, ILogger<DirectoryClient> logger)
{
    /// <summary>The lease lasts 20 seconds.</summary>
    private static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(1);

    private readonly LogInterval _failures = new(time, TimeSpan.FromSeconds(10));
    private IDirectoryGrain? _directory;
    private GatewayRef? _self;
    private ClusterView? _view;

    /// <summary>This gateway, as the directory has numbered it.</summary>
    public GatewayRef Self => Volatile.Read(ref _self) ?? throw new InvalidOperationException("The gateway has not joined yet.");

    /// <summary>What the next beat says of this gateway.</summary>
    public GatewayState State { get; set; } = GatewayState.Joining;

    /// <summary>The last view. The shard counts in it never change.</summary>
    public ClusterView View => Volatile.Read(ref _view) ?? throw new InvalidOperationException("The directory was not asked yet.");

    /// <summary>Made at the first call: when this object is, there may be no connection to the silos yet.</summary>
    private IDirectoryGrain Directory => _directory ??= grains.GetGrain<IDirectoryGrain>(0);

    /// <summary>Joins: after it this gateway has a number and the time of the cluster, and the shard counts are known.</summary>
    /// <exception cref="StartupException">The silos are of a version that this gateway does not understand.</exception>
    public async Task JoinAsync()
    {
        Check(await CallAsync(static directory => directory.GetViewAsync()).ConfigureAwait(false));
        var reply = await CallAsync(directory => directory.JoinAsync(new JoinRequest(isAlone))).ConfigureAwait(false);
        clock.Set(reply.Now);
        Volatile.Write(ref _self, reply.Gateway);
        Volatile.Write(ref _view, await CallAsync(_ => BeatAsync()).ConfigureAwait(false));
    }

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
                if (_failures.TryTake())
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
            await Directory.LeaveAsync(Self).WaitAsync(Attempts.Timeout, time).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            StoreLinkLog.HeartbeatFailed(logger, exception.Message); // the lease runs out instead
        }
    }

    private async Task<ClusterView> BeatAsync()
    {
        var beat = new GatewayBeat(Self, Environment.MachineName, State, connections());
        return Check(await Directory.HeartbeatAsync(beat).WaitAsync(Attempts.Timeout, time).ConfigureAwait(false));
    }

    /// <summary>Repeats a call for as long as a directory may take that moves, or has just found its disk full.</summary>
    private async Task<T> CallAsync<T>(Func<IDirectoryGrain, Task<T>> call)
    {
        var attempts = new Attempts(time, Attempts.BatchTimeout);
        while (true)
        {
            try
            {
                return await call(Directory).WaitAsync(Attempts.Timeout, time).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not StartupException && !attempts.AreOver)
            {
                await attempts.PauseAsync().ConfigureAwait(false);
            }
        }
    }

    private static ClusterView Check(ClusterView view) => ContractVersion.IsCompatible(view.Contracts)
        ? view
        : throw new StartupException(
            $"The silos speak version {view.Contracts} of the contracts, and this gateway version {ContractVersion.Current}. Versions may differ by one: " +
            "upgrade the silos first, one version at a time, then the gateways.");

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
