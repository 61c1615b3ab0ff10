namespace GrainMQ.Grains.Contracts;

/// <summary>
/// The version of what crosses the wire of a cluster. It rises with every change that the version before would not understand. Processes
/// whose versions differ by one work together, so that silos and then gateways can be replaced one by one.
/// </summary>
public static class ContractVersion
{
    /// <summary>The version of this build.</summary>
    public const int Current = 1;

    /// <summary>Returns whether this build and one of the other version can be in one cluster.</summary>
    public static bool IsCompatible(int other) => Math.Abs(Current - other) <= 1;
}
