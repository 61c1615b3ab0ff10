using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Shards;

/// <summary>The last batch that a shard took from a gateway, and its reply.</summary>
internal sealed record LastBatch<TReply>(GatewayRef Producer, long Sequence, TReply Reply);
