using GrainMQ.Grains.LogStore.WriteAhead;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Grains.LogStore.Files;

/// <summary>Provider of mode <c>file</c>: an append is acknowledged when the disk has it.</summary>
public static class FileLogStore
{
    /// <summary>Opens the logs below a directory, with threads that wait for its disk.</summary>
    /// <param name="directory">The broker's directory; the store releases it when it is disposed.</param>
    /// <param name="options">Checked by the caller.</param>
    /// <param name="time">For the age of segments.</param>
    /// <param name="logger">For what recovery finds, and for a disk that fails.</param>
    /// <param name="metrics">Null: nothing is metered.</param>
    public static SegmentLogStore Open(
        DirectoryLock directory, LogStoreOptions options, TimeProvider time, ILogger<SegmentLogStore> logger, LogMetrics? metrics = null) => new(
        new FileDisk(directory), new StorageThreads("log write", options.WriteThreads), new StorageThreads("log read", options.ReadThreads),
        options, time, logger, metrics);
}
