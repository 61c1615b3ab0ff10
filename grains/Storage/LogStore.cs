using System.Text.RegularExpressions;
using GrainMQ.Grains.Storage.Disks;
using GrainMQ.Grains.Storage.Execution;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Grains.Storage;

/// <summary>
/// The logs of one disk: files in a locked directory, or memory. The format and what is promised after a crash: docs/storage.md.
/// </summary>
public sealed partial class LogStore : ILogStore
{
    private const long MemorySegmentBytes = 4 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, StoredLog> _logs = [];
    private readonly StorageContext _context;

    private LogStore(StorageContext context) => _context = context;

    /// <summary>Mode <c>file</c>: what is acknowledged is on the disk.</summary>
    /// <param name="directory">The broker's directory; the store gives it back at its end.</param>
    /// <param name="options">Checked by the caller.</param>
    /// <param name="time">For the age of segments.</param>
    /// <param name="logger">For what recovery finds, and for a disk that fails.</param>
    /// <param name="metrics">Null: nothing is metered.</param>
    public static LogStore OnFiles(
        DirectoryLock directory, LogStoreOptions options, TimeProvider time, ILogger<LogStore> logger, LogMetrics? metrics = null) => new(
        new StorageContext(
            new FileDisk(directory), options, time, logger, new StorageThreads("log write", options.WriteThreads),
            new StorageThreads("log read", options.ReadThreads), metrics));

    /// <summary>
    /// Mode <c>memory</c>: the same logs, which live as long as the store. Segments have at most 4 MB, for memory is given back segment by
    /// segment; the work is done by whoever asks.
    /// </summary>
    public static LogStore InMemory(LogStoreOptions options, TimeProvider time, ILogger<LogStore> logger)
    {
        var inMemory = new LogStoreOptions
        {
            SegmentBytes = Math.Min(options.SegmentBytes, MemorySegmentBytes), SegmentAge = options.SegmentAge, MinFreeBytes = 0,
        };
        return On(new MemoryDisk(), new InlineExecutor(), inMemory, time, logger);
    }

    /// <summary>On any disk, with everything run by one executor.</summary>
    public static LogStore On(
        IDisk disk, IStorageExecutor executor, LogStoreOptions options, TimeProvider time, ILogger<LogStore> logger, LogMetrics? metrics = null) =>
        new(new StorageContext(disk, options, time, logger, executor, executor, metrics));

    public ValueTask<LogOpening> OpenAsync(string name, long leastEpoch)
    {
        if (!NamePattern().IsMatch(name))
        {
            throw new ArgumentException($"'{name}' does not name a log.", nameof(name));
        }

        StoredLog? log;
        lock (_lock)
        {
            if (!_logs.TryGetValue(name, out log))
            {
                _logs[name] = log = new StoredLog(name, _context);
            }
        }

        return log.OpenAsync(leastEpoch);
    }

    /// <summary>Seals every log, so that the next start need not look for their ends, and gives the disk back.</summary>
    public async ValueTask DisposeAsync()
    {
        StoredLog[] logs;
        lock (_lock)
        {
            logs = [.. _logs.Values];
        }

        try
        {
            foreach (var log in logs)
            {
                await log.CloseAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _context.Writers.Dispose();
            _context.Readers.Dispose();
            _context.Disk.Dispose();
        }
    }

    [GeneratedRegex("^[a-z0-9_-]+(/[a-z0-9_-]+)*$")]
    private static partial Regex NamePattern();
}
