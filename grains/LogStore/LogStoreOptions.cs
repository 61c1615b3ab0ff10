using System.ComponentModel.DataAnnotations;

namespace GrainMQ.Grains.LogStore;

/// <summary>How the logs use their disk.</summary>
public sealed class LogStoreOptions
{
    /// <summary>A segment that has reached this many bytes is sealed and a new one begun. Default: 256 MB.</summary>
    [Range(typeof(long), "4096", "1099511627776")]
    public long SegmentBytes { get; set; } = 256L << 20;

    /// <summary>A segment of this age is sealed at the next append, so that it can be removed one day. Default: 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan SegmentAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Appends are refused as Full while the disk has less free space than this, so that snapshots, which free space, still
    /// find some. Default: 128 MB.
    /// </summary>
    [Range(typeof(long), "0", "1125899906842624")]
    public long MinFreeBytes { get; set; } = 128L << 20;

    /// <summary>Threads that write and wait for fsync; that many logs can be committed at the same time. Default: 4.</summary>
    [Range(1, 256)]
    public int WriteThreads { get; set; } = 4;

    /// <summary>Threads that read, and seal segments. Default: 2.</summary>
    [Range(1, 256)]
    public int ReadThreads { get; set; } = 2;

    /// <summary>Every name whose value cannot work, with what would; empty when all is well.</summary>
    public IEnumerable<string> Errors() => OptionRange.Errors(this);
}
