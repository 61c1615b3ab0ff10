namespace GrainMQ.Grains.LogStore;

/// <summary>How the logs use their disk.</summary>
public sealed class LogStoreOptions
{
    /// <summary>A segment that has reached this many bytes is sealed and a new one begun. Default: 256 MB.</summary>
    public long SegmentBytes { get; set; } = 256L << 20;

    /// <summary>A segment of this age is sealed at the next append, so that it can be removed one day. Default: 1 hour.</summary>
    public TimeSpan SegmentAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Appends are refused as Full while the disk has less free space than this, so that snapshots, which free space, still
    /// find some. Default: 128 MB.
    /// </summary>
    public long MinFreeBytes { get; set; } = 128L << 20;

    /// <summary>Threads that write and wait for fsync; that many logs can be committed at the same time. Default: 4.</summary>
    public int WriteThreads { get; set; } = 4;

    /// <summary>Threads that read, and seal segments. Default: 2.</summary>
    public int ReadThreads { get; set; } = 2;

    /// <summary>Every name whose value cannot work, with what would; empty when all is well.</summary>
    public IEnumerable<string> Errors()
    {
        (string Name, long Value, long Least)[] values =
        [
            (nameof(SegmentBytes), SegmentBytes, 4096), (nameof(MinFreeBytes), MinFreeBytes, 0),
            (nameof(WriteThreads), WriteThreads, 1), (nameof(ReadThreads), ReadThreads, 1),
        ];
        foreach (var (name, value, least) in values)
        {
            if (value < least)
            {
                yield return $"{name} is {value}; the least is {least}.";
            }
        }

        if (SegmentAge <= TimeSpan.Zero)
        {
            yield return $"{nameof(SegmentAge)} is {SegmentAge}; it must be longer than zero.";
        }
    }
}
