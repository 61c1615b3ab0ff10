using GrainMQ.Gateway.Files;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// Reads the password file at the start and again when it changes. When a new file is wrong, the users in use stay. Clients that are connected are not
/// asked again.
/// </summary>
internal sealed partial class PasswordFileWatch : IReloadable, IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    private readonly WatchedFiles<Dictionary<string, ScramVerifier>> _file;

    /// <exception cref="StartupException">The file cannot be used.</exception>
    public PasswordFileWatch(SecurityOptions options, TimeProvider time, ILogger<PasswordFileWatch> logger)
    {
        var path = options.PasswordFile ?? throw new ArgumentException("No password file is configured.", nameof(options));
        _file = new("Security:PasswordFile", watched: [], known => PasswordFile.Read(path, known), PollInterval, time, logger)
        {
            Reloaded = users =>
            {
                Users?.Replace(users);
                LogLoaded(logger, path, users.Count);
            },
            Failed = error => LogReloadFailed(logger, error),
        };
        Users = new PasswordUsers(_file.Content);
        LogLoaded(logger, path, Users.Count);
    }

    /// <summary>The users of the last usable file.</summary>
    public PasswordUsers Users { get; }

    public bool Reload() => _file.Reload();

    public void Dispose() => _file.Dispose();
}
