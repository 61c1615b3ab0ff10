using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Retained;

/// <summary>A whole retain shard, as the journal keeps it in place of the changes that led to it.</summary>
internal sealed record RetainSnapshot(IReadOnlyList<(string Tenant, RetainEntry Entry)> Messages, LastBatch<RetainReply>[] Producers);
