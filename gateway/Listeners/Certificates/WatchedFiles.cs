using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners.Certificates;

/// <summary>
/// The content of files that belong together, read again when one of them changes. A watcher notices most changes at once; a poll finds
/// those that it cannot see (swapped symlinks as Kubernetes mounts them, network file systems). Whatever is wrong with new files, the
/// content in use stays.
/// </summary>
internal sealed partial class WatchedFiles<T> : IDisposable where T : class
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(10);

    // They are written one after the other: wait until all are there before reading any.
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(500);

    private readonly Func<string?, FileReading<T>> _read;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly List<FileSystemWatcher> _watchers = [];
    private readonly Lock _gate = new();
    private volatile T _content;
    private string _version;

    /// <param name="read">Gets the version in use; when the files still hold it, it need not parse them.</param>
    /// <exception cref="StartupException">The files cannot be used.</exception>
    public WatchedFiles(IEnumerable<string> paths, Func<string?, FileReading<T>> read, TimeProvider time, ILogger logger)
    {
        _read = read;
        _logger = logger;
        var reading = read(null);
        _version = reading.Version;
        _content = reading.Content ?? throw new StartupException($"TLS: {reading.Error}");
        _timer = time.CreateTimer(_ => Refresh(), null, PollInterval, PollInterval);
        foreach (var path in paths.Distinct())
        {
            Watch(path);
        }
    }

    /// <summary>Called with new content when it is already in use. On one thread at a time.</summary>
    public Action<T>? Reloaded { get; init; }

    /// <summary>Called with the error when the files have changed and cannot be used.</summary>
    public Action<string>? Failed { get; init; }

    public T Content => _content;

    public void Dispose()
    {
        foreach (var watcher in _watchers)
        {
            watcher.Dispose();
        }

        _timer.Dispose();
    }

    private void Refresh()
    {
        lock (_gate)
        {
            var reading = _read(_version);
            // Also kept when the files are of no use: one broken version is told once, and the next change is tried again.
            _version = reading.Version;
            if (reading.Error is not null)
            {
                Failed?.Invoke(reading.Error);
            }

            if (reading.Content is null)
            {
                return;
            }

            _content = reading.Content;
            Reloaded?.Invoke(reading.Content);
        }
    }

    private void Watch(string path)
    {
        try
        {
            var full = Path.GetFullPath(path);
            var watcher = new FileSystemWatcher(Path.GetDirectoryName(full) ?? "/", Path.GetFileName(full));
            watcher.Changed += (_, _) => RefreshSoon();
            watcher.Created += (_, _) => RefreshSoon();
            watcher.Renamed += (_, _) => RefreshSoon();
            watcher.EnableRaisingEvents = true;
            _watchers.Add(watcher);
        }
        catch (Exception e) when (e is IOException or ArgumentException or PlatformNotSupportedException)
        {
            LogNotWatched(_logger, path, PollInterval, e.Message);
        }
    }

    private void RefreshSoon() => _timer.Change(SettleTime, PollInterval);

    [LoggerMessage(1124, LogLevel.Debug, "Changes of {File} are found by polling every {Interval}: {Cause}")]
    private static partial void LogNotWatched(ILogger logger, string file, TimeSpan interval, string cause);
}
