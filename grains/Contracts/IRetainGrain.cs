using Orleans.Concurrency;

namespace GrainMQ.Grains.Contracts;

/// <summary>One of the R shards of retained messages, key <c>hash(first two topic levels) % R</c>.</summary>
[Alias("GrainMQ.IRetainGrain")]
public interface IRetainGrain : IGrainWithIntegerKey
{
    /// <summary>Sets or clears retained messages in order. The reply is the promise behind PUBACK.</summary>
    [Alias("Set")] Task<RetainReply> SetAsync(RetainBatch batch);

    /// <summary>
    /// One page of the retained messages that match a filter, ordered by topic; never truncated: follow <c>Next</c>. Throws while the
    /// shard is moving: ask again.
    /// </summary>
    [Alias("Query"), AlwaysInterleave] Task<RetainPage> QueryAsync(RetainQuery query);
}

/// <param name="Message">The gateway's message bytes; null clears the topic. MQTT 5 §3.3.1.3.</param>
/// <param name="ExpiresAt">Unix milliseconds after which it is gone; 0 = never.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.RetainEntry")]
public sealed record RetainEntry(
    [property: Id(0)] string Topic,
    [property: Id(1)] byte[]? Message,
    [property: Id(2)] long ExpiresAt);

/// <param name="Sequence">Rises per producer incarnation and shard: a batch no newer than the last one taken changes nothing.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.RetainBatch")]
public sealed record RetainBatch(
    [property: Id(0)] string Tenant,
    [property: Id(1)] GatewayRef Producer,
    [property: Id(2)] long Sequence,
    [property: Id(3)] RetainEntry[] Entries);

/// <param name="Refused">Indices of entries over the count or byte quota; the rest is set.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.RetainReply")]
public sealed record RetainReply(
    [property: Id(0)] SessionResult Result,
    [property: Id(1)] int[] Refused);

/// <param name="After">The last topic of the page before; null at first.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.RetainQuery")]
public sealed record RetainQuery(
    [property: Id(0)] string Tenant,
    [property: Id(1)] string Filter,
    [property: Id(2)] string? After,
    [property: Id(3)] int MaxCount,
    [property: Id(4)] int MaxBytes);

/// <param name="Next">Ask again with <c>After</c> = this; null when there is no more.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.RetainPage")]
public sealed record RetainPage(
    [property: Id(0)] RetainEntry[] Messages,
    [property: Id(1)] string? Next);
