using System.ComponentModel.DataAnnotations;
using GrainMQ.Silo.Configuration;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Transport of a listener below MQTT.</summary>
public enum ListenerKind : byte
{
    /// <summary>Plain TCP.</summary>
    Tcp,

    /// <summary>TLS 1.2 or 1.3 over TCP.</summary>
    Tls,

    /// <summary>WebSocket over HTTP, path <c>/mqtt</c>, sub-protocol <c>mqtt</c>.</summary>
    Ws,

    /// <summary>WebSocket over HTTPS.</summary>
    Wss,

    /// <summary>QUIC over UDP, application protocol <c>mqtt</c>; needs libmsquic.</summary>
    Quic,

    /// <summary>A Unix domain socket: clients on this machine, no TLS.</summary>
    Unix,
}

/// <summary>Configures one listener; section <c>Listeners:NAME</c>.</summary>
public sealed class ListenerOptions
{
    /// <summary>The name in logs, metrics and access rules; the key under <c>Listeners</c>.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// tcp, tls, ws, wss, quic or unix. Default: the listener's name when it begins with one of these words (<c>tls</c>, <c>wss-public</c>);
    /// other names have to say it.
    /// </summary>
    public ListenerKind Kind { get; set; }

    /// <summary>
    /// <c>IPV4:PORT</c>, <c>[IPV6]:PORT</c>, <c>localhost:PORT</c> or <c>*:PORT</c> (every address, IPv4 and IPv6); port 0 takes a
    /// free one, and without <c>:PORT</c> it is 1883 (tcp), 8883 (tls), 8083 (ws), 8084 (wss) or 14567 (quic); of a Unix domain socket its path; <c>none</c> removes the listener. Default: none.
    /// </summary>
    [Required]
    public string Address { get; set; } = "none";

    /// <summary>Certificate file of this listener. Default: <c>Tls:Certificate</c>.</summary>
    [FilePath]
    public string? Certificate { get; set; }

    /// <summary>Private key file of this listener. Default: <c>Tls:Key</c>, when the certificate is that of <c>Tls</c> too, else null: the key is in the certificate file.</summary>
    [FilePath]
    public string? Key { get; set; }

    /// <summary>Password of this listener's PFX file or PEM key. Default: <c>Tls:Password</c>, as for the key.</summary>
    public string? Password { get; set; }

    /// <summary>Whether this listener asks its clients for certificates. Default: null, as <c>Tls:ClientCertificates</c> says.</summary>
    public ClientCertificateMode? ClientCertificates { get; set; }

    /// <summary>
    /// Whether every connection begins with a PROXY protocol header, version 1 or 2, which says who the client is: logs, access rules and
    /// limits then see its address, not the proxy's. A client that reaches the listener can name any address, so only the proxy may reach it.
    /// Default: false.
    /// </summary>
    public bool ProxyProtocol { get; set; }

    /// <summary>Who may use a Unix domain socket: the permissions of its file, octal, such as 660. Default: null, as the umask says.</summary>
    public string? Permissions { get; set; }

    /// <summary>Whether it begins with a TLS handshake.</summary>
    internal bool IsSecure => Kind is ListenerKind.Tls or ListenerKind.Wss or ListenerKind.Quic;

    /// <summary>The kind as it is written in the configuration.</summary>
    internal string KindText => Kind.ToString().ToLowerInvariant();

    internal ClientCertificateMode ClientCertificateMode(TlsOptions tls) => ClientCertificates ?? tls.ClientCertificates;
}
