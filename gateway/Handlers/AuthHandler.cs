using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Handlers;

/// <summary>
/// AUTH on a connection that is open: re-authentication. The client's other packets go on meanwhile, under the authentication that it
/// has. MQTT 5 §4.12.1; the exchange that CONNECT begins is <see cref="ConnectExchange"/>.
/// </summary>
internal sealed class AuthHandler(Authenticators authenticators, ILogger<Connection> logger)
{
    public ReasonCode Handle(Connection connection, ReadOnlySpan<byte> body)
    {
        if (connection.Authentication is not { } authentication)
        {
            return ReasonCode.ProtocolError; // [MQTT-4.12.0-7]
        }

        var error = AuthPacket.TryParse(body, out var packet);
        if (packet is null || error != ReasonCode.Success)
        {
            return error;
        }

        if (packet.AuthenticationMethod != authentication.Method)
        {
            return ReasonCode.ProtocolError; // [MQTT-4.12.1-1] [MQTT-4.12.0-5]
        }

        return Take(connection, authentication, packet) is { } exchange
            ? Step(connection, authentication, exchange, packet.AuthenticationData)
            : ReasonCode.ProtocolError; // an answer without a question, or a second exchange at once
    }

    private IAuthenticationExchange? Take(Connection connection, ConnectionAuthentication authentication, AuthPacket packet)
    {
        if (packet.ReasonCode != ReasonCode.ReAuthenticate)
        {
            return authentication.TryTake(out var running) ? running : null;
        }

        return authentication.TryBegin() ? authenticators.Begin(authentication.Method, AuthenticationRequest.Of(connection.Client.Id, connection.Transport)) : null;
    }

    private ReasonCode Step(Connection connection, ConnectionAuthentication authentication, IAuthenticationExchange exchange, byte[]? data)
    {
        var next = exchange.ContinueAsync(data);
        if (next.IsCompletedSuccessfully)
        {
            Answer(connection, authentication, exchange, next.Result);
        }
        else
        {
            _ = AnswerAsync(connection, authentication, exchange, next); // the reader goes on
        }

        return ReasonCode.Success;
    }

    private async Task AnswerAsync(
        Connection connection, ConnectionAuthentication authentication, IAuthenticationExchange exchange, ValueTask<ExchangeStep> next)
    {
        ExchangeStep step;
        try
        {
            step = await next.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            HandlerLog.AuthenticatorFailed(logger, connection.Client.Id, exception);
            step = ExchangeStep.Failure(ReasonCode.NotAuthorized);
        }

        Answer(connection, authentication, exchange, step);
        connection.FlushOutbound();
    }

    private void Answer(Connection connection, ConnectionAuthentication authentication, IAuthenticationExchange exchange, ExchangeStep step)
    {
        // the session belongs to the user that opened it: another one has to connect
        var isRefused = step.Status == ExchangeStatus.Failure || (step.Status == ExchangeStatus.Success && step.UserName != connection.Client.UserName);
        var code = step.Status == ExchangeStatus.Success ? ReasonCode.Success : ReasonCode.ContinueAuthentication;
        var packet = new AuthPacket { ReasonCode = code, AuthenticationMethod = authentication.Method, AuthenticationData = step.Data };
        if (isRefused || packet.Encode(connection.Client.MaximumPacketSize) is not { } bytes)
        {
            HandlerLog.ReauthenticationRefused(logger, connection.Client.Id, connection.RemoteEndPoint);
            connection.Close(CloseCause.AuthenticationFailed, isRefused ? ReasonCode.NotAuthorized : ReasonCode.PacketTooLarge); // [MQTT-4.12.1-2]
            return;
        }

        if (step.Status == ExchangeStatus.Continue)
        {
            authentication.Await(exchange); // before the answer can come
        }
        else
        {
            authentication.End();
            HandlerLog.Reauthenticated(logger, connection.Client.Id, connection.RemoteEndPoint);
        }

        connection.Reply(OutboundFrame.Of(PacketType.Auth, bytes));
    }
}
