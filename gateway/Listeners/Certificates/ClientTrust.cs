using GrainMQ.Gateway.Files;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners.Certificates;

/// <summary>Holds the authorities that clients' certificates are checked against, and their revocation lists; reads them again when the files change.</summary>
public sealed partial class ClientTrust : IReloadable, IDisposable
{
    private readonly TimeProvider _time;
    private readonly ILogger<ClientTrust> _logger;
    private readonly WatchedFiles<ClientAuthorities> _files;

    /// <exception cref="StartupException">The files cannot be used.</exception>
    internal ClientTrust(ClientAuthorityFiles files, TimeProvider time, ILogger<ClientTrust> logger)
    {
        (_time, _logger) = (time, logger);
        string[] paths = files.Crl is null ? [files.Ca] : [files.Ca, files.Crl];
        _files = new("TLS", paths, files.Read, CertificateFile.PollInterval, time, logger)
        {
            Reloaded = authorities =>
            {
                LogReloaded(_logger, authorities.Certificates.Count, Revoked(authorities));
                WarnOfExpiredLists();
            },
            Failed = error => LogReloadFailed(_logger, error),
        };
        LogLoaded(_logger, Current.Certificates.Count, Revoked(Current));
        WarnOfExpiredLists();
    }

    /// <summary>The authorities for the next handshake.</summary>
    internal ClientAuthorities Current => _files.Content;

    bool IReloadable.Reload() => _files.Reload();

    public void Dispose() => _files.Dispose();

    private static int Revoked(ClientAuthorities authorities) => authorities.Revoked?.Sum(entry => entry.List.Count) ?? 0;

    private void WarnOfExpiredLists()
    {
        foreach (var (authority, list) in Current.Revoked ?? [])
        {
            if (list.NextUpdate is { } until && until < _time.GetUtcNow())
            {
                LogExpired(_logger, authority.Subject, until);
            }
        }
    }
}
