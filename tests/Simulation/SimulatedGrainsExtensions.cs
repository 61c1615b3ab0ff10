using System.Reflection;
using GrainMQ.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Timers;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Runs grains in the simulation.</summary>
public static class SimulatedGrainsExtensions
{
    /// <summary>
    /// Adds the grain classes of the assemblies and a <see cref="SimulatedCluster"/> that runs them, where a process would add a silo. A host stops
    /// services in the reverse order: add grains before whatever calls them. Options are those of <see cref="SimulatedClusterOptions"/>:
    /// <c>services.Configure&lt;SimulatedClusterOptions&gt;(…)</c>.
    /// </summary>
    public static IServiceCollection AddSimulatedGrains(this IServiceCollection services, params Assembly[] assemblies)
    {
        services.AddOptions<SimulatedClusterOptions>();
        services.AddSingleton(provider => new SimulatedCluster(
            provider, provider.GetRequiredService<IOptions<SimulatedClusterOptions>>().Value, assemblies));
        services.TryAddSingleton(provider => provider.GetRequiredService<SimulatedCluster>().Grains);
        services.AddSingleton<IGrainReferenceRuntime>(provider => provider.GetRequiredService<SimulatedCluster>().ReferenceRuntime);
        services.AddSingleton<IGrainRuntime>(provider => provider.GetRequiredService<SimulatedCluster>().Runtime);
        services.AddSingleton<ITimerRegistry>(provider => provider.GetRequiredService<SimulatedCluster>().Runtime);
        services.AddHostedService<SimulatedClusterService>();
        return services;
    }
}

/// <summary>Stops the grains with the host.</summary>
internal sealed class SimulatedClusterService(SimulatedCluster cluster) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => cluster.StopAsync();
}
