namespace GrainMQ.Grains.Contracts;

/// <summary>Due wills that a gateway has published.</summary>
/// <param name="Ids">Their <see cref="DueWill.Id"/>s. Unknown ones change nothing.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.CompletedWork")]
public sealed record PublishedWills([property: Id(0)] long[] Ids);
