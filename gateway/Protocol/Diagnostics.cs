namespace GrainMQ.Gateway.Protocol;

/// <summary>What a packet may tell a person: the parts that are left out where they do not fit (MQTT 5 §3.2.2.3.9, .10).</summary>
/// <param name="ReasonString">A text for logs; null for none.</param>
/// <param name="UserProperties">User Properties of the packet; null for none.</param>
/// <remarks>
/// A client that set Request Problem Information to 0 gets them only in CONNACK and DISCONNECT; the sender decides that.
/// </remarks>
// [MQTT-3.1.2-29]
public readonly record struct Diagnostics(string? ReasonString = null, UserProperty[]? UserProperties = null);
