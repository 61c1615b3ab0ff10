using System.Net;
using Orleans.Hosting;

namespace GrainMQ.Silo;

/// <summary>A silo of a cluster on this machine: the first one keeps the list of members, which the others and the gateways find by its port.</summary>
internal static class ClusterSilo
{
    /// <summary>The same for all clusters of GrainMQ; the cluster's name keeps them apart.</summary>
    public const string ServiceId = "grainmq";

    public static void Configure(ISiloBuilder silo, string clusterId, ClusterOptions options)
    {
        var primary = new IPEndPoint(IPAddress.Loopback, options.PrimaryPort ?? options.SiloPort);
        silo.UseLocalhostClustering(options.SiloPort, options.GatewayPort, primary, ServiceId, clusterId);
    }
}
