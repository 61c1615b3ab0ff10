using System.ComponentModel.DataAnnotations;

namespace GrainMQ.Gateway.Configuration;

/// <summary>Parts that run in a gateway's process.</summary>
public enum GatewayRole : byte
{
    /// <summary>The whole broker: gateway and a silo that is alone and opens no port.</summary>
    All,

    /// <summary>The gateway alone: sessions and messages live in the silos of a cluster.</summary>
    Gateway,
}

/// <summary>Configures where the grains of a gateway are; section <c>Cluster</c>.</summary>
public sealed class RoleOptions
{
    /// <summary>All or Gateway. Default: All.</summary>
    public GatewayRole Role { get; set; }

    /// <summary>Name of the cluster, as its silos have it. Needed with role Gateway. Default: null.</summary>
    public string? Id { get; set; }

    /// <summary>Port of 127.0.0.1 on which a silo listens for gateways. Default: 30000.</summary>
    [Range(1, 65535)]
    public int GatewayPort { get; set; } = 30000;
}
