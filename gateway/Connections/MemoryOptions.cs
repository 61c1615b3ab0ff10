using System.ComponentModel.DataAnnotations;
using GrainMQ.Silo.Configuration;

namespace GrainMQ.Gateway.Connections;

/// <summary>The bound of the whole process; section <c>Memory</c>. Shares are of <see cref="MaximumBytes"/>, in percent.</summary>
public sealed class MemoryOptions
{
    /// <summary>A broker without a client takes 90 to 100 MB: with less than this it would refuse the first one.</summary>
    private const long Least = 160L << 20;

    /// <summary>
    /// What the process may take, 160 MiB or more; never more than .NET may, which is three quarters of a container's limit. 0: that alone.
    /// Default: 0.
    /// </summary>
    [ZeroOrRange(Least, 1L << 50)]
    public long MaximumBytes { get; set; }

    /// <summary>From here on new clients are refused with 0x97 (Quota exceeded). 1 to 100. Default: 70.</summary>
    [Range(1, 100)]
    public int RefuseConnectPercent { get; set; } = 70;

    /// <summary>From here on the server stops reading from clients that publish QoS 0. 1 to 100. Default: 85.</summary>
    [Range(1, 100)]
    public int PauseQoS0Percent { get; set; } = 85;

    /// <summary>From here on the client with the most bytes waiting is disconnected with 0x97, one every second. 1 to 100. Default: 95.</summary>
    [Range(1, 100)]
    public int DisconnectSlowestPercent { get; set; } = 95;

    /// <param name="available">What .NET may take.</param>
    /// <returns>Bytes of which the percentages are.</returns>
    internal long Limit(long available) => MaximumBytes > 0 ? Math.Min(MaximumBytes, available) : available;
}
