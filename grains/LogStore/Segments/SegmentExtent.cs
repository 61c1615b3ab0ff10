namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>How much of a segment is stored for good; exchanged as a whole, so that a reader sees both or neither.</summary>
/// <param name="DataEnd">Position after the last block.</param>
/// <param name="NextOffset">Offset after the last record.</param>
internal sealed record SegmentExtent(long DataEnd, long NextOffset);
