using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// Reads the password file at the start and again when it changes. Whatever is wrong with a new file, the users in use stay. Clients that
/// are connected are not asked again.
/// </summary>
internal sealed partial class PasswordFileWatch : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    private readonly string _path;
    private readonly ILogger<PasswordFileWatch> _logger;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private (DateTime Written, long Length, string? Target) _stamp;

    /// <exception cref="StartupException">The file cannot be used.</exception>
    public PasswordFileWatch(SecurityOptions options, TimeProvider time, ILogger<PasswordFileWatch> logger)
    {
        _path = options.PasswordFile ?? throw new ArgumentException("No password file is configured.", nameof(options));
        _logger = logger;
        _stamp = Stamp();
        if (!PasswordFile.TryRead(_path, out var users, out var error))
        {
            throw new StartupException($"Security:PasswordFile: {error}");
        }

        Users = new PasswordUsers(users);
        LogLoaded(_logger, _path, users.Count);
        _timer = time.CreateTimer(_ => Refresh(), null, PollInterval, PollInterval);
    }

    /// <summary>Always those of the last usable file.</summary>
    public PasswordUsers Users { get; }

    public void Dispose() => _timer.Dispose();

    private void Refresh()
    {
        lock (_gate)
        {
            var stamp = Stamp();
            if (stamp == _stamp)
            {
                return;
            }

            _stamp = stamp; // also kept when the file is of no use: that is told once, and the next change is tried again
            if (PasswordFile.TryRead(_path, out var users, out var error))
            {
                Users.Replace(users);
                LogLoaded(_logger, _path, users.Count);
            }
            else
            {
                LogReloadFailed(_logger, error);
            }
        }
    }

    /// <summary>What a change of the file changes, a moved symlink (as Kubernetes mounts secrets) included.</summary>
    private (DateTime Written, long Length, string? Target) Stamp()
    {
        try
        {
            var target = File.ResolveLinkTarget(_path, returnFinalTarget: true);
            var file = new FileInfo(target?.FullName ?? _path);
            return file.Exists ? (file.LastWriteTimeUtc, file.Length, target?.FullName) : default;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default; // reading it will tell why
        }
    }
}
