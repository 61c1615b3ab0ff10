using System.ComponentModel.DataAnnotations;

namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>TLS for every <c>tls</c> and <c>wss</c> listener that does not name a certificate of its own; section <c>Tls</c>.</summary>
public sealed class TlsOptions
{
    /// <summary>
    /// PEM file with the certificate and its chain, or a PFX (PKCS #12) file. Read again when it changes: new connections get the
    /// new one, existing ones go on. Default: null (none).
    /// </summary>
    public string? Certificate { get; set; }

    /// <summary>PEM file with the private key. Null: the key is in the <see cref="Certificate"/> file. Default: null.</summary>
    public string? Key { get; set; }

    /// <summary>Password of the PFX file or of an encrypted PEM key. Default: null (none).</summary>
    public string? Password { get; set; }

    /// <summary>Time from accepting a connection to the end of its TLS handshake. Default: 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Handshakes in progress at once, per listener; further connections wait their turn in the accept queue. Default: 256.</summary>
    [Range(1, 65_536)]
    public int MaximumHandshakes { get; set; } = 256;
}
