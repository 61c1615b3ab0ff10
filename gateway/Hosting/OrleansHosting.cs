#if GRAIN_ENGINE_ORLEANS
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace GrainMQ.Gateway.Hosting;

/// <summary>
/// The cluster engine: the gateway is a client of the silos, never a silo itself. A silo that is voted dead ends its process, and
/// with it would go the connections.
/// </summary>
internal static class OrleansHosting
{
    /// <summary>Adds an Orleans client for the silos on this machine; it connects before the listeners open.</summary>
    public static IServiceCollection AddClusterGrains(this IServiceCollection services) =>
        services.AddOrleansClient(client => client.UseLocalhostClustering());
}
#endif
