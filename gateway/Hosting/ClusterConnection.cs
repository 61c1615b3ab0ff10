using GrainMQ.Gateway.Configuration;
using GrainMQ.Silo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GrainMQ.Gateway.Hosting;

/// <summary>
/// Connects the gateway to silos elsewhere as a client. It is never a silo itself: a silo that is voted dead ends its process, and the connections
/// would end with it.
/// </summary>
internal static class ClusterConnection
{
    /// <summary>Adds an Orleans client. It starts with the host, and waits for a silo before what is registered later may start.</summary>
    public static IServiceCollection AddClusterClient(this IServiceCollection services, RoleOptions options)
    {
        services.AddSingleton(options);
        return services.AddOrleansClient(client =>
        {
            client.UseLocalhostClustering(options.GatewayPort, ClusterSilo.ServiceId, options.Id ?? "");
            client.UseConnectionRetryFilter<SiloWait>();
        });
    }
}
