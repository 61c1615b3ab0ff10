using GrainMQ.Gateway.Files;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners.Certificates;

/// <summary>Holds a certificate that listeners show and reads it again when its files change.</summary>
public sealed partial class ServerCertificate : IReloadable, IDisposable
{
    private readonly CertificateFile _file;
    private readonly TimeProvider _time;
    private readonly ILogger<ServerCertificate> _logger;
    private readonly WatchedFiles<NamedCertificate> _files;

    /// <exception cref="StartupException">The files cannot be used.</exception>
    public ServerCertificate(CertificateFile file, TimeProvider time, ILogger<ServerCertificate> logger)
    {
        (_file, _time, _logger) = (file, time, logger);
        string[] paths = file.Key is null ? [file.Certificate] : [file.Certificate, file.Key];
        _files = new("TLS", paths, file.Read, CertificateFile.PollInterval, time, logger)
        {
            Reloaded = Use,
            Failed = error => LogReloadFailed(_logger, _file.Certificate, error),
        };
        var certificate = Current.Context.TargetCertificate;
        LogLoaded(_logger, file.Certificate, certificate.Subject, certificate.NotAfter.ToUniversalTime());
        WarnWhenOutOfDate();
    }

    /// <summary>Raised when <see cref="Current"/> has changed.</summary>
    public event Action? Changed;

    /// <summary>The certificate for the next handshake.</summary>
    public NamedCertificate Current => _files.Content;

    bool IReloadable.Reload() => _files.Reload();

    public void Dispose() => _files.Dispose();

    private void Use(NamedCertificate changed)
    {
        var certificate = changed.Context.TargetCertificate;
        LogReloaded(_logger, _file.Certificate, certificate.Subject, certificate.NotAfter.ToUniversalTime());
        WarnWhenOutOfDate();
        Changed?.Invoke();
    }

    private void WarnWhenOutOfDate()
    {
        var certificate = Current.Context.TargetCertificate;
        var now = _time.GetUtcNow().UtcDateTime;
        var (from, until) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        if (now < from || now > until)
        {
            LogOutOfDate(_logger, _file.Certificate, from, until);
        }
    }
}
