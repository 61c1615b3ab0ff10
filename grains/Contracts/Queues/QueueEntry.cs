namespace GrainMQ.Grains.Contracts;

/// <summary>One message for the queues of several sessions, connected or not.</summary>
/// <param name="Message">The message in the gateway's own encoding, never written after it is sent.</param>
/// <param name="ExpiresAt">Unix milliseconds after which the message is no longer delivered; 0 = never.</param>
/// <param name="Targets">The sessions that get the message.</param>
/// <param name="Origin">The publication, for QoS 2 from a session that outlives its connection: repeated, it changes nothing. Otherwise null.</param>
/// <param name="Source">
/// The place in this shard that the message leaves in the same step, if its one target gets it: an ended session's queue. Once the message has
/// left, the entry changes nothing. Otherwise null.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueueEntry")]
public sealed record QueueEntry(
    [property: Id(0)] byte[] Message,
    [property: Id(1)] long ExpiresAt,
    [property: Id(2)] QueueTarget[] Targets,
    [property: Id(3)] MessageOrigin? Origin = null,
    [property: Id(4)] QueueSource? Source = null);
