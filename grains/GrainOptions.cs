using System.ComponentModel.DataAnnotations;
using GrainMQ.Grains.LogStore;

namespace GrainMQ.Grains;

/// <summary>Shard counts, leases and bounds of the grains. They must be the same in every process of a cluster.</summary>
public sealed class GrainOptions
{
    /// <summary>
    /// Number of session store shards, each with a journal of its own; fixed for the life of a cluster and of a data directory. One process needs
    /// one; a cluster some per silo. Default: 1.
    /// </summary>
    [Range(1, 1024)]
    public int StoreShards { get; set; } = 1;

    /// <summary>Number of retained message shards; fixed in the same way. Default: 1.</summary>
    [Range(1, 1024)]
    public int RetainShards { get; set; } = 1;

    /// <summary>A gateway that sent no heartbeat for this long leaves the view. Default: 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan GatewayLease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A store shard takes a gateway for lost when no view names it and it was not heard of for this long, which must be longer than one hanging
    /// poll (10 s). That a later gateway has replaced it proves the loss at once. Default: 15 seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:11", "1.00:00:00")]
    public TimeSpan GatewaySilence { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a gateway may take to publish a due will, or to go on with what an ended session left to share groups, before another gateway gets it.
    /// Default: 10 seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan WorkLease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a preset waits for every gateway to route to the session before it answers Busy. Default: 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan PresetTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The most sessions of the whole cluster, split evenly over the store shards; more are refused (0x97). Default: 10,000,000.</summary>
    [Range(typeof(long), "1", "1000000000")]
    public long MaxSessions { get; set; } = 10_000_000;

    /// <summary>The most subscriptions of one stored session; more are refused (0x97). Default: 100,000.</summary>
    [Range(1, 10_000_000)]
    public int MaxSubscriptionsPerSession { get; set; } = 100_000;

    /// <summary>The most messages that wait for one session; beyond it the oldest is dropped and counted. Default: 100,000.</summary>
    [Range(1, 1_000_000_000)]
    public int OfflineQueueMaxMessages { get; set; } = 100_000;

    /// <summary>The most bytes that wait for one session; beyond it the oldest message is dropped and counted. Default: 256 MB.</summary>
    [Range(typeof(long), "1", "1125899906842624")]
    public long OfflineQueueMaxBytes { get; set; } = 256L << 20;

    /// <summary>
    /// The most bytes that wait for all sessions of one store shard; a message that several sessions share counts for each. Beyond it the oldest
    /// messages of the session that receives are dropped and counted. Default: 4 GB.
    /// </summary>
    [Range(typeof(long), "1", "1125899906842624")]
    public long QueuedBytesPerShard { get; set; } = 4L << 30;

    /// <summary>The most retained messages of one retain shard; more are refused. Default: 1,000,000.</summary>
    [Range(0, 1_000_000_000)]
    public int RetainedMaxMessages { get; set; } = 1_000_000;

    /// <summary>The most bytes of retained messages and their topics in one retain shard; more are refused. Default: 1 GB.</summary>
    [Range(typeof(long), "0", "1125899906842624")]
    public long RetainedMaxBytes { get; set; } = 1L << 30;

    /// <summary>Returns a message for each option whose value cannot work, with what would; none if all can.</summary>
    public IEnumerable<string> Errors() => OptionRange.Errors(this);
}
