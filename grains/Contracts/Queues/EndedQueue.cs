namespace GrainMQ.Grains.Contracts;

/// <summary>
/// What a session that has ended got through Shared Subscriptions and did not deliver: for other members (MQTT 5 §4.8.2). It is read like the
/// queue of a connected session, and a message leaves it by a <see cref="QueueSource"/> or a report. It is leased to one gateway for
/// <see cref="GrainOptions.WorkLease"/> from the last time that this read it or reported; after that another gateway gets it.
/// </summary>
/// <param name="Key">The key of the queue, which is that of no session.</param>
/// <param name="Epoch">The epoch to read and report it with.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.EndedQueue")]
public sealed record EndedQueue(
    [property: Id(0)] string Key,
    [property: Id(1)] ulong Epoch);
