using System.ComponentModel.DataAnnotations;

namespace GrainMQ.Silo;

/// <summary>Configures which cluster a silo belongs to and where it listens for the others; section <c>Cluster</c>.</summary>
public sealed class ClusterOptions
{
    /// <summary>
    /// Name of the cluster: silos and gateways with another name refuse each other. A silo process must have one. Default: null, a silo inside the
    /// process of its gateway, which opens no port.
    /// </summary>
    public string? Id { get; set; }

    /// <summary>Port of 127.0.0.1 on which other silos reach this one. Default: 11111.</summary>
    [Range(1, 65535)]
    public int SiloPort { get; set; } = 11111;

    /// <summary>Port of 127.0.0.1 on which gateways reach this silo. Default: 30000.</summary>
    [Range(1, 65535)]
    public int GatewayPort { get; set; } = 30000;

    /// <summary><see cref="SiloPort"/> of the silo that keeps the list of members, the first one to start. Default: null, this silo.</summary>
    [Range(1, 65535)]
    public int? PrimaryPort { get; set; }

    /// <summary>Lists every setting that cannot work, with its cure; empty when all can.</summary>
    public IEnumerable<string> Errors()
    {
        if (string.IsNullOrWhiteSpace(Id))
        {
            yield return "Id is not set, and a silo has to belong to a cluster. Give the silo and its gateways the same name with --cluster-id NAME.";
        }

        if (SiloPort == GatewayPort)
        {
            yield return $"SiloPort and GatewayPort are both {SiloPort}. Give one of them another.";
        }
    }
}
