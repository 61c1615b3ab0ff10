using System.Net.Sockets;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// Keeps the last descriptors of the process from clients. The runtime ends the process when it cannot open a file of its own, and the
/// store of logs needs some. The kernel gives the lowest free number, so the number of an accepted socket tells how many are in use.
/// </summary>
internal static class DescriptorReserve
{
    private const int Reserved = 32;

    /// <summary>Number of descriptors for clients.</summary>
    private static readonly long Highest = DescriptorLimit.Value - Reserved;

    /// <summary>Returns whether the socket has one of the last descriptors and must be closed.</summary>
    public static bool IsTouchedBy(Socket accepted) => accepted.Handle > Highest;
}
