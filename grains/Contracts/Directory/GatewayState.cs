namespace GrainMQ.Grains.Contracts;

/// <summary>What a gateway does, as it says itself.</summary>
public enum GatewayState : byte
{
    /// <summary>It has started and does not accept connections yet.</summary>
    Joining,

    /// <summary>It accepts connections.</summary>
    Ready,

    /// <summary>It closes its connections and accepts no new ones. Reserved: no gateway of this version reports it.</summary>
    Draining,

    /// <summary>It has lost the cluster and accepts no connections. Reserved: no gateway of this version reports it.</summary>
    Isolated,
}
