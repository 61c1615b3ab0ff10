
namespace GrainMQ.Gateway.Configuration;

/// <summary>Checks whether the options fit the role of the process.</summary>
internal static class RoleValidation
{
    /// <returns>One line per fault, with its cure.</returns>
    public static IEnumerable<string> Check(GatewayOptions options)
    {
        var cluster = options.Cluster;
        if (cluster.Role == GatewayRole.All)
        {
            if (cluster.Id is not null)
            {
                yield return "Cluster:Id has no effect with role all, which is a broker by itself. Set --role gateway, or leave --cluster-id out.";
            }

            yield break;
        }
        if (string.IsNullOrWhiteSpace(cluster.Id))
        {
            yield return "Role gateway needs the name of the cluster: give the gateway and its silos the same one with --cluster-id NAME.";
        }

        if (options.Data.Directory is not null)
        {
            yield return "Data:Directory has no effect with role gateway: the silos keep the data. Give it to them.";
        }
    }
}
