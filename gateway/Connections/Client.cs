using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The client of a connection: what its CONNECT said, as far as the server granted it. Never changes after CONNACK. DISCONNECT does not
/// change it either: it may end the session sooner and discards the will, which shows in <see cref="Connection.Cause"/>.
/// </summary>
/// <param name="Version">The version that the client speaks.</param>
/// <param name="Id">The Client Identifier: its own, or the one that the server assigned. [MQTT-3.1.3-6]</param>
internal sealed record Client(ProtocolVersion Version, string Id)
{
    /// <summary>The client before its CONNECT: no identifier, and MQTT 5, whose rules are the strictest.</summary>
    public static Client Unknown { get; } = new(ProtocolVersion.Mqtt5, "");

    /// <summary>Authenticated user; null if anonymous, and until authentication has succeeded.</summary>
    public string? UserName { get; init; }

    /// <summary>Clean Start; Clean Session in MQTT 3.1 and 3.1.1.</summary>
    public bool CleanStart { get; init; }

    /// <summary>Seconds; 0 turns Keep Alive off. Where the server overrode it, its own. [MQTT-3.2.2-21]</summary>
    public ushort KeepAlive { get; init; }

    /// <summary>Session Expiry Interval in seconds: 0 ends the session with the connection, <see cref="uint.MaxValue"/> never.</summary>
    public uint SessionExpiry { get; init; }

    /// <summary>QoS 1 and 2 publications on their way to the client at once. [MQTT-3.3.4-9]</summary>
    public ushort ReceiveMaximum { get; init; } = ushort.MaxValue;

    /// <summary>
    /// The largest packet that the client accepts, in bytes; without a limit of its own, <see cref="FixedHeader.LargestPacket"/>. [MQTT-3.1.2-24]
    /// </summary>
    public uint MaximumPacketSize { get; init; } = FixedHeader.LargestPacket;

    /// <summary>Topic Aliases towards the client; 0: none. [MQTT-3.1.2-26] [MQTT-3.1.2-27]</summary>
    public ushort TopicAliasMaximum { get; init; }

    /// <summary>The Will Message; null if CONNECT had none.</summary>
    public Will? Will { get; init; }
}
