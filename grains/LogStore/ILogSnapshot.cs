namespace GrainMQ.Grains.LogStore;

/// <summary>
/// Writes a snapshot, batch by batch, while the log goes on. Make one call at a time, and dispose it in any case: without a commit nothing
/// of it stays.
/// </summary>
public interface ILogSnapshot : IAsyncDisposable
{
    /// <summary>Adds records; they are not stored for good before the commit.</summary>
    /// <returns>Ok, Full or Failed; after the latter two the snapshot is of no use.</returns>
    ValueTask<LogReply> AddAsync(LogBatch batch);

    /// <summary>
    /// Lets the snapshot stand for the records below its offset. The segments of those go, unless they have a record from
    /// <paramref name="keepFrom"/> on, together with the snapshot before.
    /// </summary>
    /// <param name="keepFrom">The lowest offset that the snapshot itself refers to.</param>
    /// <returns>Ok, Fenced, Full or Failed; with Fenced and Full nothing has changed.</returns>
    ValueTask<LogReply> CommitAsync(long keepFrom = long.MaxValue);
}
