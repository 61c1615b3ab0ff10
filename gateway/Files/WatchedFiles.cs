using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.FileProviders.Physical;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace GrainMQ.Gateway.Files;

/// <summary>
/// Holds the content of files that belong together and reads them again when one of them changes. A watcher notices most changes at once; a poll
/// finds those that it cannot see, such as changes on network file systems. When new files are wrong, the content in use stays.
/// </summary>
internal sealed partial class WatchedFiles<T> : IReloadable, IDisposable where T : class
{
    /// <summary>Kubernetes mounts a secret as links into a directory with this name, which is itself a link and is replaced by a rename.</summary>
    private const string MountedData = "..data";

    // They are written one after the other: wait until all are there before reading any.
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(500);

    private readonly Func<string?, FileReading<T>> _read;
    private readonly TimeSpan _pollInterval;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly List<PhysicalFilesWatcher> _watchers = [];
    private readonly Lock _gate = new();
    private volatile T _content;
    private string _version;

    /// <param name="setting">Begins the line when the files cannot be used: the setting that names them.</param>
    /// <param name="watched">The paths to watch; empty when polling is quick enough.</param>
    /// <param name="read">Gets the version in use; when the files still hold it, it need not parse them.</param>
    /// <param name="pollInterval">Time between two looks at the files.</param>
    /// <exception cref="StartupException">The files cannot be used.</exception>
    public WatchedFiles(
        string setting, IEnumerable<string> watched, Func<string?, FileReading<T>> read, TimeSpan pollInterval, TimeProvider time, ILogger logger)
    {
        _read = read;
        _pollInterval = pollInterval;
        _logger = logger;
        var reading = read(null);
        _version = reading.Version;
        _content = reading.Content ?? throw new StartupException($"{setting}: {reading.Error}");
        _timer = time.CreateTimer(_ => Refresh(isForced: false), null, pollInterval, pollInterval);
        foreach (var path in watched.Distinct())
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

    public bool Reload() => Refresh(isForced: true);

    private bool Refresh(bool isForced)
    {
        lock (_gate)
        {
            var reading = _read(isForced ? null : _version);
            // Also kept when the files cannot be used: one broken version is logged once, and the next change is tried again.
            _version = reading.Version;
            if (reading.Error is not null)
            {
                Failed?.Invoke(reading.Error);
            }

            if (reading.Content is not null)
            {
                _content = reading.Content;
                Reloaded?.Invoke(reading.Content);
            }

            return reading.Error is null;
        }
    }

    private void Watch(string path)
    {
        try
        {
            var full = Path.GetFullPath(path);
            var file = Path.GetFileName(full);
            var directory = full[..^file.Length]; // with the separator at its end, which PhysicalFilesWatcher needs
            var events = new FileSystemWatcher(directory);
            var watcher = new PhysicalFilesWatcher(directory, events, pollForChanges: false, ExclusionFilters.None);
            _watchers.Add(watcher);
            events.IncludeSubdirectories = false; // the library's choice would report every write to logs below the directory (docs/decisions/0010)
            foreach (var name in (string[])[file, MountedData])
            {
                ChangeToken.OnChange(() => watcher.CreateFileChangeToken(name), RefreshSoon);
            }
        }
        catch (Exception e) when (e is IOException or ArgumentException or PlatformNotSupportedException)
        {
            LogNotWatched(_logger, path, _pollInterval, e.Message);
        }
    }

    private void RefreshSoon() => _timer.Change(SettleTime, _pollInterval);

    [LoggerMessage(1124, LogLevel.Debug, "Changes of {File} are found by polling every {Interval}: {Cause}")]
    private static partial void LogNotWatched(ILogger logger, string file, TimeSpan interval, string cause);
}
