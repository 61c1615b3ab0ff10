using System.Globalization;
using System.Net.Sockets;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// Keeps the last descriptors of the process from clients. The runtime ends the process when it cannot open a file of its own, and the
/// store of logs needs some. The kernel gives the lowest free number, so the number of an accepted socket tells how many are in use.
/// </summary>
internal static class DescriptorReserve
{
    private const int Reserved = 32;

    /// <summary>Number of descriptors for clients; only Linux has a limit that can be read.</summary>
    private static readonly long Highest = ReadLimit() - Reserved;

    /// <summary>Returns whether the socket has one of the last descriptors and must be closed.</summary>
    public static bool IsTouchedBy(Socket accepted) => accepted.Handle > Highest;

    private static long ReadLimit()
    {
        const string limits = "/proc/self/limits";
        if (!OperatingSystem.IsLinux() || !File.Exists(limits))
        {
            return long.MaxValue;
        }

        var line = File.ReadLines(limits).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) ?? "";
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 3 && long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : long.MaxValue;
    }
}
