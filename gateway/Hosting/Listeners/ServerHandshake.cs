using System.Net.Security;

namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>One handshake: what the platform needs for it, and what came of the client's certificate.</summary>
public sealed class ServerHandshake(SslServerAuthenticationOptions options)
{
    /// <summary>This handshake's alone: the caller may add what its transport needs, such as application protocols.</summary>
    public SslServerAuthenticationOptions Options { get; } = options;

    /// <summary>The username that the client's certificate stands for; null: none, and CONNECT names one. Set when the handshake is done.</summary>
    public string? UserName { get; private set; }

    /// <summary>Why the client's certificate was refused, for the log; null when it was not.</summary>
    public string? Refusal { get; private set; }
}
