using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>
/// The write-ahead logs of one disk, as files of segments: what the providers for files and for memory share. The format and what is
/// promised after a crash: docs/storage.md.
/// </summary>
public sealed partial class SegmentLogStore : ILogStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, WriteAheadLog> _logs = [];
    private readonly StorageContext _context;

    /// <param name="disk">Where the segments are; disposed with the store.</param>
    /// <param name="writers">Runs what changes a log, and waits for the disk there.</param>
    /// <param name="readers">Runs reads and the end of a segment; may be the same.</param>
    /// <param name="options">Checked by the caller.</param>
    /// <param name="time">For the age of segments.</param>
    /// <param name="logger">For what recovery finds, and for a disk that fails.</param>
    /// <param name="metrics">Null: nothing is metered.</param>
    public SegmentLogStore(
        IDisk disk, IStorageExecutor writers, IStorageExecutor readers, LogStoreOptions options, TimeProvider time,
        ILogger<SegmentLogStore> logger, LogMetrics? metrics = null) =>
        _context = new StorageContext(disk, options, time, logger, writers, readers, metrics);

    /// <summary>Runs everything on one executor.</summary>
    public SegmentLogStore(
        IDisk disk, IStorageExecutor executor, LogStoreOptions options, TimeProvider time, ILogger<SegmentLogStore> logger,
        LogMetrics? metrics = null)
        : this(disk, executor, executor, options, time, logger, metrics)
    {
    }

    public ValueTask<LogOpening> OpenAsync(string name, long leastEpoch)
    {
        if (!NamePattern().IsMatch(name))
        {
            throw new ArgumentException($"'{name}' does not name a log.", nameof(name));
        }

        WriteAheadLog? log;
        lock (_lock)
        {
            if (!_logs.TryGetValue(name, out log))
            {
                _logs[name] = log = new WriteAheadLog(name, _context);
            }
        }

        return log.OpenAsync(leastEpoch);
    }

    /// <summary>Seals every log, so that the next start need not look for their ends, and gives the disk back.</summary>
    public async ValueTask DisposeAsync()
    {
        WriteAheadLog[] logs;
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
