namespace GrainMQ.Grains.Contracts;

/// <summary>Asks for one page of the retained messages that match a filter.</summary>
/// <param name="Tenant">The tenant whose topics are searched.</param>
/// <param name="Filter">A valid Topic Filter, without the tenant and without a share name.</param>
/// <param name="After"><see cref="RetainPage.Next"/> of the page before; null asks for the first page.</param>
/// <param name="MaxCount">The most messages in the page. The shard takes at least 1 and at most 10,000.</param>
/// <param name="MaxBytes">The most bytes in the page, with overhead. The first message of a page is returned whatever its size.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.RetainQuery")]
public sealed record RetainQuery(
    [property: Id(0)] string Tenant,
    [property: Id(1)] string Filter,
    [property: Id(2)] string? After,
    [property: Id(3)] int MaxCount,
    [property: Id(4)] int MaxBytes);
