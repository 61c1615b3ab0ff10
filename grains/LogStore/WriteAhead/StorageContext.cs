using Microsoft.Extensions.Logging;

namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>What all logs of a store share.</summary>
/// <param name="Disk">Where they are.</param>
/// <param name="Options">Sizes and limits.</param>
/// <param name="Time">For the age of segments.</param>
/// <param name="Logger">For what the operator must know.</param>
/// <param name="Writers">Runs the lanes.</param>
/// <param name="Readers">Runs reads and seals; may be the same.</param>
/// <param name="Metrics">Null: nothing is metered.</param>
internal sealed record StorageContext(
    IDisk Disk, LogStoreOptions Options, TimeProvider Time, ILogger Logger, IStorageExecutor Writers, IStorageExecutor Readers, LogMetrics? Metrics);
