using GrainMQ.Silo.Configuration;

namespace GrainMQ.Gateway.Listeners.Certificates;

/// <summary>Configures a further certificate, for the clients that ask for its names; section <c>Tls:Certificates:NAME</c>.</summary>
public sealed class CertificateOptions
{
    /// <summary>The key under <c>Tls:Certificates</c>; any name or number.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// PEM or PFX file as <c>Tls:Certificate</c>. It serves the DNS names of the certificate, also wildcards (<c>*.example.com</c>), and
    /// without any its Common Name. Default: none; it has to be set.
    /// </summary>
    [FilePath]
    public string? Certificate { get; set; }

    /// <summary>PEM file with the private key. Null: the key is in the <see cref="Certificate"/> file. Default: null.</summary>
    [FilePath]
    public string? Key { get; set; }

    /// <summary>Password of the PFX file or of an encrypted PEM key. Default: null (none).</summary>
    public string? Password { get; set; }
}
