using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Security;

/// <summary>Implements one Authentication Method of enhanced authentication: challenge and response in AUTH packets. MQTT 5 §4.12.</summary>
internal interface IEnhancedAuthenticator
{
    /// <summary>The Authentication Method that clients name, compared character by character.</summary>
    string Method { get; }

    /// <summary>Begins an exchange, for CONNECT or for re-authentication; what it holds is dropped with the connection.</summary>
    IAuthenticationExchange Begin(AuthenticationRequest request);
}

/// <summary>One exchange of one connection, from the client's first data to success or failure. Called one step at a time.</summary>
internal interface IAuthenticationExchange
{
    /// <summary>Takes what the client sent; null: a packet without Authentication Data. Never throws for what the client sent.</summary>
    ValueTask<ExchangeStep> ContinueAsync(byte[]? data);
}

internal enum ExchangeStatus : byte { Failure, Continue, Success }

/// <summary>The server's next step in an exchange; the default is a failure.</summary>
/// <param name="Status">Whether and how it goes on.</param>
/// <param name="Data">Authentication Data for the client; null: none.</param>
/// <param name="UserName">Authenticated user, after success.</param>
/// <param name="Reason">After failure, the reason for CONNACK.</param>
internal readonly record struct ExchangeStep(ExchangeStatus Status, byte[]? Data, string? UserName, ReasonCode Reason)
{
    /// <summary>The client is to send more. [MQTT-4.12.0-2]</summary>
    public static ExchangeStep Continue(byte[]? data) => new(ExchangeStatus.Continue, data, null, ReasonCode.ContinueAuthentication);

    public static ExchangeStep Success(byte[]? data, string userName) => new(ExchangeStatus.Success, data, userName, ReasonCode.Success);

    public static ExchangeStep Failure(ReasonCode reason) => new(ExchangeStatus.Failure, null, null, reason);
}
