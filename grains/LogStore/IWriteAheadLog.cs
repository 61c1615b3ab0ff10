namespace GrainMQ.Grains.LogStore;

/// <summary>
/// A write-ahead log under one epoch: records are appended at its end and kept until a snapshot stands for them. Records have offsets that rise by one within a block; numbers may be left out where a crash cut something.
/// Calls may overlap; changes are made in the order of the calls.
/// </summary>
public interface IWriteAheadLog
{
    /// <summary>As <see cref="ILogStore.OpenAsync"/> got it.</summary>
    string Name { get; }

    /// <summary>Of the writer. Once a newer one has opened the log, every change is answered <see cref="LogResult.Fenced"/>.</summary>
    long Epoch { get; }

    /// <summary>The oldest record that is kept; equal to <see cref="NextOffset"/> when there is none.</summary>
    long FirstOffset { get; }

    /// <summary>The offset after the last record that is stored for good. Records from here on cannot be read yet.</summary>
    long NextOffset { get; }

    /// <summary>The snapshot in force; null when there is none.</summary>
    LogSnapshotInfo? Snapshot { get; }

    /// <summary>The segments that nothing is added to any more, in order.</summary>
    IReadOnlyList<LogSegmentInfo> Sealed { get; }

    /// <summary>Whether the epoch may still write; asked before an answer that reads only.</summary>
    ValueTask<bool> IsCurrentAsync();

    /// <summary>
    /// Appends the records of a batch together; completes when they are stored for good. Batches that wait meanwhile share one fsync.
    /// The batch must not be touched before that; then it may be cleared and filled again. The caller bounds what it has under way.
    /// </summary>
    /// <param name="batch">At least one record.</param>
    /// <returns>Ok, Fenced, Full (nothing was appended; space is looked for again with every call) or Failed (open the log again).</returns>
    ValueTask<AppendReply> AppendAsync(LogBatch batch);

    /// <summary>
    /// Reads as many records as fit into the page (at least one block), in order and from one offset on. Go on with
    /// <see cref="ReadReply.NextOffset"/>; the log's end is reached when that is <see cref="NextOffset"/>.
    /// </summary>
    /// <returns>
    /// Ok; Trimmed (the oldest record is at <c>NextOffset</c>); Damaged (<c>Fault</c> says where; what lies between is lost, <c>NextOffset</c>
    /// is where reading may go on); or Failed (the disk cannot be read).
    /// </returns>
    ValueTask<ReadReply> ReadAsync(long from, LogPage page);

    /// <summary>Reads the records of the snapshot in the same way; their offsets begin at 0 and end at its count.</summary>
    ValueTask<ReadReply> ReadSnapshotAsync(long from, LogPage page);

    /// <summary>Begins a snapshot that will stand for every record below the offset. Nothing of it counts before its commit.</summary>
    ILogSnapshot BeginSnapshot(long offset);
}
