using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>What a reader sees: segments in the order of their offsets, without gaps other than numbers that a recovery left out.</summary>
/// <param name="Segments">The last one is written to.</param>
/// <param name="Snapshot">Null when there is none.</param>
/// <param name="FirstOffset">The oldest record that is kept.</param>
internal sealed record LogView(Segment[] Segments, SnapshotFile? Snapshot, long FirstOffset)
{
    public static LogView Empty { get; } = new([], null, 0);

    public long NextOffset => Segments.Length == 0 ? FirstOffset : Segments[^1].NextOffset;
}

/// <param name="Entry">As the manifest has it.</param>
/// <param name="File">Its records count from 0.</param>
internal sealed record SnapshotFile(SnapshotEntry Entry, Segment File);
