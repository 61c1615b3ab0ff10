namespace GrainMQ.Grains.Storage.Segments;

/// <summary>The block that holds an offset begins here.</summary>
internal readonly record struct ReadPosition(Segment? Segment, long Offset, long Position);
