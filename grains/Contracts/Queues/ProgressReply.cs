namespace GrainMQ.Grains.Contracts;

/// <summary>What became of a <see cref="ProgressBatch"/>.</summary>
/// <param name="Result">Ok when every session has an outcome; Busy = send the same again; Full = send it later.</param>
/// <param name="Fenced">Keys of sessions that a higher epoch owns, or that are gone: nothing was noted for them.</param>
/// <param name="Gone">
/// Deliveries that were to begin and cannot: a full queue has dropped the message on its way, and its packet identifier is not noted.
/// Null if there are none.
/// </param>
[GenerateSerializer, Immutable, Alias("GrainMQ.ProgressReply")]
public sealed record ProgressReply(
    [property: Id(0)] SessionResult Result,
    [property: Id(1)] string[] Fenced,
    [property: Id(2)] GoneDelivery[]? Gone = null);
