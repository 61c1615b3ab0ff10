namespace GrainMQ.Grains.Contracts;

/// <summary>One page of retained messages.</summary>
/// <param name="Messages">Matching messages that have not expired, ordered by topic.</param>
/// <param name="Next">The <see cref="RetainQuery.After"/> of the next page; null when this page is the last one.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.RetainPage")]
public sealed record RetainPage(
    [property: Id(0)] RetainEntry[] Messages,
    [property: Id(1)] string? Next);
