namespace GrainMQ.Grains.Contracts;

/// <summary>A Will Message and its delay. MQTT 5 §3.1.3.2.2.</summary>
/// <param name="Message">The message in the gateway's own encoding, never written after it is sent.</param>
/// <param name="DelaySeconds">Will Delay Interval: seconds between the connection's end and the publication; 0 = at once.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.WillRecord")]
public sealed record WillRecord([property: Id(0)] byte[] Message, [property: Id(1)] uint DelaySeconds);
