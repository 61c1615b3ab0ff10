namespace GrainMQ.Grains.Contracts;

/// <summary>A page of a session's queue.</summary>
/// <param name="Result">Ok; Fenced when another connection holds the session; NotFound when it has ended; Busy = ask again.</param>
/// <param name="Messages">The messages in the order of their numbers; at least one unless none is left.</param>
/// <param name="Last">Every number up to this one was looked at: the next page begins after it.</param>
/// <param name="HasMore">Whether more messages wait. If not, <paramref name="Last"/> is the newest number that is committed.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueuePage")]
public sealed record QueuePage(
    [property: Id(0)] SessionResult Result,
    [property: Id(1)] PendingMessage[] Messages,
    [property: Id(2)] long Last,
    [property: Id(3)] bool HasMore);
