using System.Diagnostics;
using GrainMQ.Grains;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Silo;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.TestingHost;

namespace GrainMQ.Tests.Cluster;

/// <summary>
/// The grains on Orleans' silos in one process, as a client has them; the logs are one store that every silo can reach, as in a cluster.
/// </summary>
internal sealed class GrainCluster : IAsyncDisposable
{
    public const int StoreShards = 4;

    private readonly InProcessTestCluster _cluster;

    private GrainCluster(short silos, ILogStore? logs, Action<ISiloBuilder>? configure)
    {
        Logs = logs ?? NewLogs();
        var builder = new InProcessTestClusterBuilder(silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureHost(host => host.Logging.SetMinimumLevel(LogLevel.Information).AddProvider(Log));
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(Logs); // an instance: no silo disposes it
            silo.Services.AddGrainMqGrains(options => (options.StoreShards, options.RetainShards) = (StoreShards, 2));
            silo.Services.AddSingleton<IConfigureGrainContextProvider>(Activations);
            silo.AddIncomingGrainCallFilter(Calls);
            SiloTuning.Configure(silo, isAlone: false);
            configure?.Invoke(silo);
        });
        _cluster = builder.Build();
    }

    public ILogStore Logs { get; }

    public ActivationLog Activations { get; } = new();

    public CallLog Calls { get; } = new();

    public RecordingLoggerProvider Log { get; } = new();

    /// <summary>What a gateway has.</summary>
    public IGrainFactory Client => _cluster.Client;

    public IReadOnlyList<InProcessSiloHandle> Silos => _cluster.Silos;

    /// <param name="silos">How many at first.</param>
    /// <param name="logs">Null: logs in memory that all silos share.</param>
    /// <param name="configure">Called for each silo.</param>
    public static async Task<GrainCluster> StartAsync(short silos, ILogStore? logs = null, Action<ISiloBuilder>? configure = null)
    {
        var cluster = new GrainCluster(silos, logs, configure);
        await cluster._cluster.DeployAsync().OrStuck("the silos' start");
        return cluster;
    }

    public static SegmentLogStore NewLogs() => MemoryLogStore.Create(new LogStoreOptions(), TimeProvider.System, NullLogger<SegmentLogStore>.Instance);

    /// <summary>Every way to call a grain: from outside, and from each silo.</summary>
    public IEnumerable<IGrainFactory> Callers() =>
        [Client, .. Silos.Select(silo => silo.ServiceProvider.GetRequiredService<IGrainFactory>())];

    /// <summary>Where the one activation of a grain is.</summary>
    public InProcessSiloHandle HostOf(IAddressable grain)
    {
        var address = Activations.Alive(grain).Single().Silo;
        return Silos.Single(silo => silo.SiloAddress.Equals(address));
    }

    public Task JoinAsync() => _cluster.StartAdditionalSiloAsync().OrStuck("a silo's start");

    public Task KillAsync(InProcessSiloHandle silo) => _cluster.KillSiloAsync(silo).OrStuck("a silo's kill");

    /// <returns>How long it took.</returns>
    public async Task<TimeSpan> StopAsync(InProcessSiloHandle silo)
    {
        var start = Stopwatch.GetTimestamp();
        await _cluster.StopSiloAsync(silo).OrStuck("a silo's stop");
        return Stopwatch.GetElapsedTime(start);
    }

    public Task StopAllAsync() => _cluster.StopAllSilosAsync().OrStuck("the silos' stop");

    public async ValueTask DisposeAsync()
    {
        await StopAllAsync();
        await _cluster.DisposeAsync();
        await Logs.DisposeAsync();
    }
}
