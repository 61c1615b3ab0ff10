using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using GrainMQ.Gateway.Listeners.Certificates;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Holds one handshake: what the platform needs for it, and the result for the client's certificate.</summary>
public sealed class ServerHandshake
{
    private readonly ClientCertificateRules? _clients;
    private CertificateVerdict _verdict;

    /// <param name="clients">Null: the client is not asked for a certificate.</param>
    internal ServerHandshake(SslServerAuthenticationOptions options, ClientCertificateRules? clients)
    {
        Options = options;
        _clients = clients;
        if (clients is null)
        {
            return;
        }

        options.ClientCertificateRequired = true; // asks for it; whether it may be missing is decided below
        options.CertificateChainPolicy = clients.Policy();
        options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Check(certificate, chain, errors);
    }

    /// <summary>Options of this handshake alone: the caller may add what its transport needs, such as application protocols.</summary>
    public SslServerAuthenticationOptions Options { get; }

    /// <summary>User that the client's certificate names; null if it names none. Set when the handshake is done.</summary>
    public string? UserName => _verdict.UserName;

    /// <summary>Why the client's certificate was refused, for the log; null when it was not.</summary>
    public string? Refusal => _verdict.Refusal;

    // Also called when a session is resumed: its certificate may be revoked by now.
    private bool Check(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        _verdict = _clients?.Check(certificate as X509Certificate2, chain, errors) ?? default;
        return Refusal is null;
    }
}
