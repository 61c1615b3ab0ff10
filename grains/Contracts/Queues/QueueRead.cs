namespace GrainMQ.Grains.Contracts;

/// <summary>Asks for a page of a connected session's queue.</summary>
/// <param name="Key">The session's key.</param>
/// <param name="Epoch">The epoch of the connection that reads.</param>
/// <param name="After">The last number that the caller has; 0 reads from the start. Deliveries that have begun are not read again.</param>
/// <param name="MaxMessages">The most messages in the page. The shard takes at least 1 and at most 1,000.</param>
/// <param name="MaxBytes">The most bytes in the page, at most 1 MB. The first message of a page is returned whatever its size.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.QueueRead")]
public sealed record QueueRead(
    [property: Id(0)] string Key,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] long After,
    [property: Id(3)] int MaxMessages,
    [property: Id(4)] int MaxBytes);
