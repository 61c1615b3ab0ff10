using System.Net;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// One way of telling clients apart by what CONNECT says: a list of users, tokens, a service that is asked. Several stand in a chain
/// (<see cref="Authenticators"/>); the first that knows the client decides. Fails closed: whoever cannot decide refuses.
/// </summary>
internal interface IAuthenticator
{
    /// <summary>May take its time: the client waits for CONNACK, nobody else does. Never throws for what the client sent.</summary>
    ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request);
}

/// <summary>What a client shows in CONNECT to be let in. MQTT 5 §3.1.3.5, §3.1.3.6.</summary>
/// <param name="ClientId">Its own, or the one that it was assigned.</param>
/// <param name="UserName">Of its certificate, which goes before that of CONNECT; null when neither names one.</param>
/// <param name="Password">Any bytes; null when CONNECT has none. Never logged, never kept.</param>
/// <param name="Listener">The name of the listener that it came through.</param>
/// <param name="RemoteEndPoint">Where it comes from, if the transport knows.</param>
internal sealed record AuthenticationRequest(
    string ClientId, string? UserName, byte[]? Password, string Listener, EndPoint? RemoteEndPoint)
{
    /// <summary>Whether <see cref="UserName"/> is proved already, by the client's certificate in the TLS handshake. Default: false.</summary>
    public bool IsCertified { get; init; }

    /// <summary>Whether it claims to be somebody at all.</summary>
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

/// <summary>What became of an <see cref="AuthenticationRequest"/>; the default is <see cref="NotMine"/>.</summary>
internal readonly record struct AuthenticationResult
{
    private AuthenticationResult(bool isDecided, ReasonCode reason, string? userName) => (IsDecided, Reason, UserName) = (isDecided, reason, userName);

    /// <summary>These are not credentials of the kind that this authenticator judges: the next one is asked.</summary>
    public static AuthenticationResult NotMine => default;

    public bool IsDecided { get; }

    /// <summary>Success, or the reason for CONNACK.</summary>
    public ReasonCode Reason { get; }

    /// <summary>Whom the client was found to be, when it was let in; null: nobody in particular.</summary>
    public string? UserName { get; }

    public static AuthenticationResult Accept(string? userName) => new(true, ReasonCode.Success, userName);

    public static AuthenticationResult Refuse(ReasonCode reason) => new(true, reason, null);
}
