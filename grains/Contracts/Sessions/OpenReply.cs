namespace GrainMQ.Grains.Contracts;

/// <summary>The answer to a CONNECT.</summary>
/// <param name="Result">
/// Ok; Fenced when a later connection holds the session; Busy = repeat the call; Quota when there are too many sessions; Full when the disk has
/// no room. The other members mean something with Ok only.
/// </param>
/// <param name="Epoch">The connection's epoch: above that of every connection of the session before. 0 unless Ok.</param>
/// <param name="SessionPresent">Whether the session existed and goes on: the Session Present flag of CONNACK. [MQTT-3.2.2-2]</param>
/// <param name="Previous">The connection that owned the session until now, still to be closed by takeover; null if it was detached.</param>
/// <param name="State">
/// What the session has stored; null if it is new. Its messages stay in the queue until they are reported as done. With
/// <paramref name="Previous"/> set, the gateway of that connection may know better how far its deliveries have come, and hands over what only
/// it has; if that gateway is gone, QoS 1 messages may repeat. A repeated call gets the state as it is then.
/// </param>
/// <param name="DueWill">
/// The will that this CONNECT makes due; null if it makes none due. It is the will of a connection of the same gateway that is taken over, or,
/// when the CONNECT ends the session, one whose delay was running. Publish it, then say so with
/// <see cref="ISessionStoreGrain.CompleteWillsAsync"/> (<see cref="Contracts.DueWill.IdOfWillSetOffBy"/>). It is leased to the caller for
/// <see cref="GrainOptions.WorkLease"/> (10 s by default): if the caller says nothing, some poll gets it as a <see cref="Contracts.DueWill"/>.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.OpenReply")]
public sealed record OpenReply(
    [property: Id(0)] SessionResult Result,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] bool SessionPresent,
    [property: Id(3)] SessionOwner? Previous,
    [property: Id(4)] SessionState? State,
    [property: Id(5)] byte[]? DueWill);
