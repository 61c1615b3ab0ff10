using GrainMQ.Grains.LogStore.WriteAhead;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Grains.LogStore.Memory;

/// <summary>Provider of mode <c>memory</c>: the same logs, which live as long as the store.</summary>
public static class MemoryLogStore
{
    /// <summary>Memory is given back segment by segment: 4 MB is little beside a broker.</summary>
    private const long MostSegmentBytes = 4 << 20;

    /// <summary>Creates empty logs. The caller's thread does the work.</summary>
    /// <param name="options">Segments have at most 4 MB, whatever it says, and no space is kept free.</param>
    /// <param name="time">For the age of segments.</param>
    /// <param name="logger">For what is damaged.</param>
    public static SegmentLogStore Create(LogStoreOptions options, TimeProvider time, ILogger<SegmentLogStore> logger)
    {
        var inMemory = new LogStoreOptions
        {
            SegmentBytes = Math.Min(options.SegmentBytes, MostSegmentBytes), SegmentAge = options.SegmentAge, MinFreeBytes = 0,
        };
        return new SegmentLogStore(new MemoryDisk(), new InlineExecutor(), inMemory, time, logger);
    }
}
