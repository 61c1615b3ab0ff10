using System.Net;
using GrainMQ.Silo.Hosting;
using Orleans.Configuration;

namespace GrainMQ.Silo;

/// <summary>Configures a silo of a cluster on this machine: the first one keeps the list of members, which the others and the gateways find by its port.</summary>
internal static class ClusterSilo
{
    /// <summary>The same for all clusters of GrainMQ; the cluster's name keeps them apart.</summary>
    public const string ServiceId = "grainmq";

    /// <summary>Time after which a silo that cannot join gives up. The default of Orleans is 5 minutes, without a log line.</summary>
    private static readonly TimeSpan JoinTimeout = TimeSpan.FromSeconds(20);

    public static void Configure(ISiloBuilder silo, string clusterId, ClusterOptions options)
    {
        var primary = new IPEndPoint(IPAddress.Loopback, options.PrimaryPort ?? options.SiloPort);
        silo.UseLocalhostClustering(options.SiloPort, options.GatewayPort, primary, ServiceId, clusterId);
        silo.Configure<ClusterMembershipOptions>(membership => membership.MaxJoinAttemptTime = JoinTimeout);
    }

    /// <summary>Says what it means that Orleans could not start; null when its own message says as much.</summary>
    public static StartupException? Explain(Exception fault, ClusterOptions options) =>
        options.PrimaryPort is not null && fault is OperationCanceledException or TimeoutException or OrleansException
            ? new StartupException(
                $"The silo could not join cluster '{options.Id}' by way of 127.0.0.1:{options.PrimaryPort}: what listens there is no silo of that cluster. " +
                "Give all silos of a cluster the same --cluster-id, or set Cluster:PrimaryPort to the port of its first silo.", fault)
            : null;
}
