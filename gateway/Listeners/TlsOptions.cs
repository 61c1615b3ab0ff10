using System.ComponentModel.DataAnnotations;
using GrainMQ.Gateway.Listeners.Certificates;
using GrainMQ.Silo.Configuration;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Whether a listener asks its clients for certificates.</summary>
public enum ClientCertificateMode : byte
{
    /// <summary>Clients are not asked.</summary>
    None,

    /// <summary>Clients are asked; one without a certificate is served too, one with a bad certificate is not.</summary>
    Request,

    /// <summary>Clients are asked; one without a good certificate is not served.</summary>
    Require,
}

/// <summary>Part of a client's certificate that becomes its username.</summary>
public enum CertificateUserName : byte
{
    /// <summary>Nothing: the username is that of CONNECT.</summary>
    None,

    /// <summary>The Common Name of its subject.</summary>
    CommonName,

    /// <summary>Its first alternative DNS name, else its first e-mail address, else its first URI.</summary>
    SubjectAlternativeName,
}

public enum TlsVersion : byte { Tls12, Tls13 }

/// <summary>Configures TLS for every <c>tls</c>, <c>wss</c> and <c>quic</c> listener; section <c>Tls</c>.</summary>
public sealed class TlsOptions
{
    /// <summary>
    /// PEM file with the certificate and its chain, or a PFX (PKCS #12) file. Read again when it changes: new connections get the
    /// new one, existing ones go on. Default: null (none).
    /// </summary>
    [FilePath]
    public string? Certificate { get; set; }

    /// <summary>PEM file with the private key. Null: the key is in the <see cref="Certificate"/> file. Default: null.</summary>
    [FilePath]
    public string? Key { get; set; }

    /// <summary>Password of the PFX file or of an encrypted PEM key. Default: null (none).</summary>
    public string? Password { get; set; }

    /// <summary>More certificates, by the host that the client asks for (SNI); other clients get <see cref="Certificate"/>. Default: none.</summary>
    public IList<CertificateOptions> Certificates { get; } = [];

    /// <summary>Whether clients are asked for a certificate; a listener may have its own answer. Default: None.</summary>
    public ClientCertificateMode ClientCertificates { get; set; }

    /// <summary>
    /// PEM file with the certificates of the authorities that issue the clients' certificates, or one DER certificate. No other is
    /// trusted. Read again when it changes. Default: null (none); needed when clients are asked for certificates.
    /// </summary>
    [FilePath]
    public string? ClientCa { get; set; }

    /// <summary>
    /// File with the lists of revoked certificates of the authorities in <see cref="ClientCa"/>, PEM or one in DER. Read again when it
    /// changes. Once it is set, a certificate is refused unless there is a list of its issuer that has not expired. Default: null (none).
    /// </summary>
    [FilePath]
    public string? ClientCrl { get; set; }

    /// <summary>
    /// What of the certificate becomes the client's username; that of CONNECT then counts for nothing, and a certificate without such a name
    /// is refused. Default: None.
    /// </summary>
    public CertificateUserName ClientUserName { get; set; }

    /// <summary>The oldest version that is spoken. Default: Tls12.</summary>
    public TlsVersion MinimumVersion { get; set; }

    /// <summary>
    /// Cipher suites by their IANA names, separated by commas, in the order of preference. Not on Windows. Sessions are then not resumed.
    /// Null: those of the platform. Default: null.
    /// </summary>
    public string? CipherSuites { get; set; }

    /// <summary>Time from accepting a connection to the end of its TLS handshake. Default: 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Handshakes in progress at once, per listener; further connections wait their turn in the accept queue. Default: 256.</summary>
    [Range(1, 65_536)]
    public int MaximumHandshakes { get; set; } = 256;
}
