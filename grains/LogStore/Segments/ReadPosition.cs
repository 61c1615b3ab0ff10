namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>The block that holds an offset begins here.</summary>
internal readonly record struct ReadPosition(Segment? Segment, long Offset, long Position);

/// <summary>What a search for topics in a segment found; holds as long as nothing was added to the segment.</summary>
/// <param name="Chunks">In order; null: the index is broken, so every chunk may have them.</param>
internal sealed record ChunksOfTopics(Segment Segment, SegmentExtent Extent, ulong[] Topics, int[]? Chunks);
