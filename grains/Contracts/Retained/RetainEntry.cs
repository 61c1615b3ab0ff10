namespace GrainMQ.Grains.Contracts;

/// <summary>The retained message of one topic. MQTT 5 §3.3.1.3.</summary>
/// <param name="Topic">The Topic Name, without the tenant.</param>
/// <param name="Message">The message in the gateway's own encoding, never written after it is sent; null or empty clears the topic.</param>
/// <param name="ExpiresAt">Unix milliseconds after which the message is gone; 0 = never.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.RetainEntry")]
public sealed record RetainEntry(
    [property: Id(0)] string Topic,
    [property: Id(1)] byte[]? Message,
    [property: Id(2)] long ExpiresAt);
