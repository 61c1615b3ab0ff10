namespace GrainMQ.Grains.Contracts;

/// <summary>A CONNECT.</summary>
/// <param name="Gateway">The gateway that has the connection.</param>
/// <param name="ConnectionId">
/// The connection's number, never used twice by one incarnation of a gateway. A repeated call with it gets the same answer, and Fenced once a
/// later connection has taken the session.
/// </param>
/// <param name="CleanStart">True: an existing session ends first. [MQTT-3.1.2-4]</param>
/// <param name="ExpirySeconds">
/// Session Expiry Interval in seconds: with 0 the session ends with the connection, with <see cref="uint.MaxValue"/> it never expires.
/// </param>
/// <param name="Will">The Will Message; null if the CONNECT has none.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.OpenRequest")]
public sealed record OpenRequest(
    [property: Id(0)] GatewayRef Gateway,
    [property: Id(1)] long ConnectionId,
    [property: Id(2)] bool CleanStart,
    [property: Id(3)] uint ExpirySeconds,
    [property: Id(4)] WillRecord? Will);
