namespace GrainMQ.Gateway.Connections;

/// <summary>The bound of the whole process; section <c>Memory</c>. Shares are of <see cref="MaximumBytes"/>, in percent.</summary>
public sealed class MemoryOptions
{
    /// <summary>What the process may take. 0: what the machine or its container has. Default: 0.</summary>
    public long MaximumBytes { get; set; }

    /// <summary>From here on new clients are refused with 0x97 (Quota exceeded). 1 to 100. Default: 70.</summary>
    public int RefuseConnectPercent { get; set; } = 70;

    /// <summary>From here on the server stops reading from clients that publish QoS 0. 1 to 100. Default: 85.</summary>
    public int PauseQoS0Percent { get; set; } = 85;

    /// <summary>From here on the client with the most bytes waiting is disconnected with 0x97, one every second. 1 to 100. Default: 95.</summary>
    public int DisconnectSlowestPercent { get; set; } = 95;
}
