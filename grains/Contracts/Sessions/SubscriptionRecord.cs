namespace GrainMQ.Grains.Contracts;

/// <summary>One subscription of a session.</summary>
/// <param name="Filter">The Topic Filter as the client sent it, with <c>$share/</c> and share name where it has them.</param>
/// <param name="Options">The Subscription Options byte of SUBSCRIBE. MQTT 5 §3.8.3.1.</param>
/// <param name="Identifier">The Subscription Identifier; 0 if there is none.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.SubscriptionRecord")]
public sealed record SubscriptionRecord(
    [property: Id(0)] string Filter,
    [property: Id(1)] byte Options,
    [property: Id(2)] uint Identifier);
