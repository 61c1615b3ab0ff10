using System.ComponentModel.DataAnnotations;

namespace GrainMQ.Gateway.Connections;

/// <summary>What one client may ask of the server; section <c>Connections</c>. Names are those of the CONNACK properties where one exists.</summary>
public sealed class ConnectionOptions
{
    /// <summary>Time from accepting a connection (TLS and WebSocket handshakes done) to a complete CONNECT packet. Default: 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Time for one packet from its first byte to its last; one and a half Keep Alive times when that is longer. A packet that is not complete by
    /// then goes on while it grows by 100 bytes per second, measured over each such time. Else MQTT 5 clients get DISCONNECT 0x97, and the
    /// connection closes. Default: 60 seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan PacketTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The longest Keep Alive in seconds. A client that asks for more, or for none (0), is given this one as Server Keep Alive on MQTT 5
    /// (§3.2.2.3.14); an older client keeps its own. 0: no maximum. Default: 0.
    /// </summary>
    public ushort KeepAliveMaximum { get; set; }

    /// <summary>
    /// The longest Session Expiry Interval; longer requests are lowered to it (§3.2.2.3.2). Sessions of MQTT 3.1 and 3.1.1 with
    /// clean session 0 get it too, since those versions cannot say one. Default: 7 days.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "49710.06:28:15")]
    public TimeSpan SessionExpiryMaximum { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How many QoS 1 and QoS 2 publications of a client may be unacknowledged at once (§3.2.2.3.3). 1 to 65535. Default: 64.</summary>
    [Range(1, ushort.MaxValue)]
    public ushort ReceiveMaximum { get; set; } = 64;

    /// <summary>The highest QoS accepted from publishers and granted to subscribers (§3.2.2.3.4). 0, 1 or 2. Default: 2.</summary>
    [Range(0, 2)]
    public byte MaximumQoS { get; set; } = 2;

    /// <summary>Whether retained messages are supported (§3.2.2.3.5). Default: true.</summary>
    public bool RetainAvailable { get; set; } = true;

    /// <summary>The largest packet accepted from a client, in bytes, fixed header included (§3.2.2.3.6); at most what the format can say. Default: 1 MiB.</summary>
    [Range(64, 268_435_460)]
    public int MaximumPacketSize { get; set; } = 1024 * 1024;

    /// <summary>
    /// How many levels a topic name or filter may have. A filter with more is refused with 0x8F in SUBACK, a PUBLISH with 0x90 in its
    /// acknowledgement (before MQTT 5: by closing; at QoS 0: dropped and counted), a will in CONNACK. Default: 128.
    /// </summary>
    [Range(1, ushort.MaxValue + 1)]
    public int MaximumTopicLevels { get; set; } = 128;

    /// <summary>
    /// How many subscriptions one session may have, durable or not; further ones are refused with 0x97 in SUBACK (before MQTT 5: 0x80).
    /// Default: 100,000.
    /// </summary>
    [Range(1, 10_000_000)]
    public int MaximumSubscriptions { get; set; } = 100_000;

    /// <summary>How many topic aliases a client may define towards the server (§3.2.2.3.8). 0: none. Default: 64.</summary>
    public ushort TopicAliasMaximum { get; set; } = 64;

    /// <summary>Whether <c>+</c> and <c>#</c> are allowed in topic filters (§3.2.2.3.11). Default: true.</summary>
    public bool WildcardSubscriptionAvailable { get; set; } = true;

    /// <summary>Whether subscriptions may carry an identifier (§3.2.2.3.12). Default: true.</summary>
    public bool SubscriptionIdentifiersAvailable { get; set; } = true;

    /// <summary>Whether <c>$share/…</c> subscriptions are allowed (§3.2.2.3.13). Default: true.</summary>
    public bool SharedSubscriptionAvailable { get; set; } = true;

    /// <summary>
    /// Whether a payload that its sender marks as UTF-8 text is checked; one that is not breaks the connection with 0x99
    /// (§3.3.2.3.2). Default: false.
    /// </summary>
    public bool ValidatePayloadFormat { get; set; }
}
