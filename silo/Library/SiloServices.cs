using GrainMQ.Grains;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Files;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Silo.Data;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GrainMQ.Silo;

/// <summary>The grains of GrainMQ on an Orleans silo in this process, with what they keep.</summary>
public static class SiloServices
{
    /// <summary>
    /// Adds a silo that starts and stops with the host, and a hosted service after it that opens every shard: what is registered later starts
    /// when all that is stored has been read. With <see cref="ClusterOptions.Id"/> the silo is a member of that cluster; without, it is alone
    /// and opens no port. The options are read during start-up and must not be written afterwards.
    /// </summary>
    public static IServiceCollection AddGrainMqSilo(this IServiceCollection services, SiloOptions options)
    {
        services.AddGrainMqData(options);
        services.AddHostedService<PreparedData>();
        if (options.Cluster.Id is not null)
        {
            services.AddHostedService<SiloPorts>();
            services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, SingleFileSilo>();
        }
        services.AddOrleans(silo =>
        {
            if (options.Cluster.Id is { } cluster)
            {
                ClusterSilo.Configure(silo, cluster, options.Cluster);
            }
            else
            {
                LocalSilo.Configure(silo);
            }

            SiloTuning.Configure(silo, isAlone: options.Cluster.Id is null);
        });
        services.AddHostedService<StoredShards>();
        return services;
    }

    /// <summary>What the grains need, without anything to run them: options, journals and the files behind them.</summary>
    public static IServiceCollection AddGrainMqData(this IServiceCollection services, SiloOptions options)
    {
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(options.Data);
        if (options.Data.EffectiveDirectory is not null)
        {
            services.AddSingleton<DataDirectory>();
        }

        if (options.Data.Durability == Durability.File)
        {
            services.AddSingleton<LogMetrics>();
            services.AddSingleton<ILogStore>(provider => FileLogStore.Open(
                provider.GetRequiredService<DataDirectory>().Lock, options.Store, provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<SegmentLogStore>>(), provider.GetRequiredService<LogMetrics>()));
        }
        services.AddGrainMqGrains();
        services.AddSingleton(Options.Create(options.Grains)); // wins over the options framework's own instance
        return services;
    }
}
