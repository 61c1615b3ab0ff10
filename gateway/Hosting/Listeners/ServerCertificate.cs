using System.Net.Security;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>
/// The certificate of a listener, read again when its files change. A watcher notices most changes at once; a poll finds those that it
/// cannot see (swapped symlinks as Kubernetes mounts them, network file systems). Whatever is wrong with new files, the certificate in
/// use stays.
/// </summary>
public sealed partial class ServerCertificate : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(10);

    // Certificate and key are two files: wait until both are written before reading either.
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(500);

    private readonly CertificateFile _file;
    private readonly TimeProvider _time;
    private readonly ILogger<ServerCertificate> _logger;
    private readonly ITimer _timer;
    private readonly List<FileSystemWatcher> _watchers = [];
    private readonly Lock _gate = new();
    private volatile SslStreamCertificateContext _context;
    private string _version;

    /// <exception cref="StartupException">The files cannot be used.</exception>
    public ServerCertificate(CertificateFile file, TimeProvider time, ILogger<ServerCertificate> logger)
    {
        _file = file;
        _time = time;
        _logger = logger;
        var reading = file.Read();
        _version = reading.Version;
        _context = reading.Context ?? throw new StartupException($"TLS: {reading.Error}");
        LogLoaded(_logger, file.Certificate, _context.TargetCertificate.Subject, _context.TargetCertificate.NotAfter.ToUniversalTime());
        WarnWhenOutOfDate();
        _timer = time.CreateTimer(_ => Refresh(), null, PollInterval, PollInterval);
        Watch(file.Certificate);
        if (file.Key is not null)
            Watch(file.Key);
    }

    /// <summary>What the next handshake uses.</summary>
    public SslStreamCertificateContext Context => _context;

    public void Dispose()
    {
        foreach (var watcher in _watchers)
            watcher.Dispose();
        _timer.Dispose();
    }

    private void Refresh()
    {
        lock (_gate)
        {
            var reading = _file.Read(_version);
            // Also kept when the files are of no use: one broken version is told once, and the next change is tried again.
            _version = reading.Version;
            if (reading.Error is not null)
                LogReloadFailed(_logger, _file.Certificate, reading.Error);
            if (reading.Context is not null)
                Use(reading.Context);
        }
    }

    private void Use(SslStreamCertificateContext context)
    {
        _context = context;
        LogReloaded(_logger, _file.Certificate, context.TargetCertificate.Subject, context.TargetCertificate.NotAfter.ToUniversalTime());
        WarnWhenOutOfDate();
    }

    private void WarnWhenOutOfDate()
    {
        var certificate = _context.TargetCertificate;
        var now = _time.GetUtcNow().UtcDateTime;
        var (from, until) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        if (now < from || now > until)
            LogOutOfDate(_logger, _file.Certificate, from, until);
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
}
