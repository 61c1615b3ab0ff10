using System.Net;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// Authenticates clients by what CONNECT says: a list of users, tokens, a service that is asked. Several stand in a chain
/// (<see cref="Authenticators"/>); the first that knows the client decides. An authenticator that cannot decide refuses.
/// </summary>
internal interface IAuthenticator
{
    /// <summary>Decides about a client. May take its time: only this client waits, for CONNACK. Never throws for what the client sent.</summary>
    ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request);
}

/// <summary>Holds the credentials that a client shows in CONNECT. MQTT 5 §3.1.3.5, §3.1.3.6.</summary>
/// <param name="ClientId">The client's own Client Identifier or the assigned one.</param>
/// <param name="UserName">User of the certificate, else the User Name of CONNECT; null when neither names one.</param>
/// <param name="Password">Any bytes; null when CONNECT has none. Never logged, never kept.</param>
/// <param name="Listener">Name of the listener that accepted the client.</param>
/// <param name="RemoteEndPoint">Address of the client; null if the transport has none.</param>
internal sealed record AuthenticationRequest(
    string ClientId, string? UserName, byte[]? Password, string Listener, EndPoint? RemoteEndPoint)
{
    /// <summary>Whether <see cref="UserName"/> is proved already, by the client's certificate in the TLS handshake. Default: false.</summary>
    public bool IsCertified { get; init; }

    /// <summary>Whether the client names a user or shows a password.</summary>
    public bool HasCredentials => UserName is not null || Password is not null;

    /// <param name="clientId">Of the client.</param>
    /// <param name="transport">With the user name of its certificate, if it showed one that names a user.</param>
    /// <param name="connect">Null in re-authentication, which brings neither user name nor password.</param>
    public static AuthenticationRequest Of(string clientId, Transport transport, ConnectPacket? connect = null) =>
        new(clientId, transport.UserName ?? connect?.UserName, connect?.Password, transport.Listener, transport.RemoteEndPoint)
        {
            IsCertified = transport.UserName is not null,
        };

    public override string ToString() => $"{ClientId} from {RemoteEndPoint}"; // a record would print the password's type and the user name
}

/// <summary>Answers an <see cref="AuthenticationRequest"/>; the default is <see cref="NotMine"/>.</summary>
internal readonly record struct AuthenticationResult
{
    private AuthenticationResult(bool isDecided, ReasonCode reason, string? userName) => (IsDecided, Reason, UserName) = (isDecided, reason, userName);

    /// <summary>The authenticator does not judge credentials of this kind: the next one is asked.</summary>
    public static AuthenticationResult NotMine => default;

    public bool IsDecided { get; }

    /// <summary>Success, or the reason for CONNACK.</summary>
    public ReasonCode Reason { get; }

    /// <summary>Authenticated user; null if anonymous or refused.</summary>
    public string? UserName { get; }

    public static AuthenticationResult Accept(string? userName) => new(true, ReasonCode.Success, userName);

    public static AuthenticationResult Refuse(ReasonCode reason) => new(true, reason, null);
}
