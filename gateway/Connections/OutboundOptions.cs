using System.ComponentModel.DataAnnotations;

namespace GrainMQ.Gateway.Connections;

/// <summary>What happens to a QoS 1 or QoS 2 message that finds the queue of a connected, non-durable session full.</summary>
public enum FullQueuePolicy : byte
{
    /// <summary>The client is disconnected with reason code 0x97 (Quota exceeded).</summary>
    Disconnect,

    /// <summary>The message is dropped and counted.</summary>
    DropNewest,
}

/// <summary>The outbound queue of one connection; section <c>Outbound</c>.</summary>
public sealed class OutboundOptions
{
    /// <summary>Messages that may wait for one client. QoS 0 beyond it drops the oldest QoS 0, counted. Default: 1000.</summary>
    [Range(1, 1_000_000)]
    public int MaximumMessages { get; set; } = 1000;

    /// <summary>Bytes that may wait for one client; the same policy as for messages. Default: 1 MiB.</summary>
    [Range(1024, int.MaxValue)]
    public int MaximumBytes { get; set; } = 1024 * 1024;

    /// <summary>What to do when a QoS 1 or QoS 2 message of a non-durable session does not fit. Default: Disconnect.</summary>
    public FullQueuePolicy WhenFull { get; set; } = FullQueuePolicy.Disconnect;

    /// <summary>
    /// Protocol replies (PUBACK, SUBACK, PINGRESP …) that may wait for one client. They are never dropped: beyond the limit the
    /// server stops reading from that client. Default: 256.
    /// </summary>
    [Range(16, 65_536)]
    public int ReplyLimit { get; set; } = 256;

    /// <summary>A connection that has bytes to send and takes none of them for this long is closed. Default: 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many topic aliases the server uses towards one client; the client's own Topic Alias Maximum also binds (§3.1.2.11.5).
    /// 0: none. Default: 64.
    /// </summary>
    public ushort TopicAliasMaximum { get; set; } = 64;
}
