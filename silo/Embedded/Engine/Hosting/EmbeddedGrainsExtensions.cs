using System.Reflection;
using GrainMQ.Silo.Embedded;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Runs grains in this process.</summary>
public static class EmbeddedGrainsExtensions
{
    /// <summary>
    /// Adds the grain classes of the assemblies, an <see cref="IGrainFactory"/>, and the <see cref="EmbeddedCluster"/> behind it. A host stops
    /// services in the reverse order: add grains before whatever calls them. A <see cref="TimeProvider"/> among the services is used.
    /// Options are those of <see cref="EmbeddedClusterOptions"/>: <c>services.Configure&lt;EmbeddedClusterOptions&gt;(…)</c>.
    /// </summary>
    public static IServiceCollection AddEmbeddedGrains(this IServiceCollection services, params Assembly[] assemblies)
    {
        services.AddOptions<EmbeddedClusterOptions>().PostConfigure<IServiceProvider>((options, provider) =>
        {
            if (options.TimeProvider == TimeProvider.System && provider.GetService<TimeProvider>() is { } time) options.TimeProvider = time;
        });
        services.AddSingleton(provider => new EmbeddedCluster(
            provider, provider.GetRequiredService<IOptions<EmbeddedClusterOptions>>().Value, GrainClasses.In(assemblies)));
        services.TryAddSingleton<IGrainFactory>(provider => provider.GetRequiredService<EmbeddedCluster>());
        services.AddHostedService<EmbeddedClusterService>();
        return services;
    }
}

/// <summary>Stops the grains with the host.</summary>
internal sealed class EmbeddedClusterService(EmbeddedCluster cluster) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => cluster.StopAsync(cancellationToken);
}
