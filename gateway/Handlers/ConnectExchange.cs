using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;

namespace GrainMQ.Gateway.Handlers;

/// <summary>
/// Enhanced authentication of CONNECT: a CONNECT that names an Authentication Method is answered by AUTH until the exchange has ended, all of it
/// within <see cref="ConnectionOptions.ConnectTimeout"/>. What follows is up to <see cref="ConnectHandler"/>. MQTT 5 §4.12.
/// </summary>
internal sealed class ConnectExchange(Authenticators authenticators)
{
    /// <summary>Begins with the data of the CONNECT.</summary>
    /// <returns>Continue: the client was asked for more. Else the exchange is over.</returns>
    public ValueTask<ExchangeStep> BeginAsync(Connection connection, ConnectPacket packet, string method)
    {
        if (authenticators.Begin(method, AuthenticationRequest.Of(connection.Client.Id, connection.Transport, packet)) is not { } exchange)
        {
            return new(ExchangeStep.Failure(ReasonCode.BadAuthenticationMethod)); // [MQTT-4.12.0-1]
        }

        var authentication = new ConnectionAuthentication(method) { Connect = packet };
        authentication.TryBegin();
        connection.Authentication = authentication;
        return StepAsync(connection, authentication, exchange, packet.AuthenticationData);
    }

    /// <summary>Goes on with what the client sent in answer: AUTH and nothing else. [MQTT-3.1.2-30]</summary>
    /// <inheritdoc cref="BeginAsync"/>
    public ValueTask<ExchangeStep> ContinueAsync(
        Connection connection, ConnectionAuthentication authentication, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        AuthPacket? packet = null;
        var error = header.Type == PacketType.Auth ? AuthPacket.TryParse(body, out packet) : ReasonCode.ProtocolError;
        if (packet is null || error != ReasonCode.Success)
        {
            return new(ExchangeStep.Failure(error));
        }

        if (packet.ReasonCode != ReasonCode.ContinueAuthentication // [MQTT-4.12.0-3]
            || packet.AuthenticationMethod != authentication.Method // [MQTT-4.12.0-5]
            || !authentication.TryTake(out var exchange))
        {
            return new(ExchangeStep.Failure(ReasonCode.ProtocolError));
        }

        return StepAsync(connection, authentication, exchange, packet.AuthenticationData);
    }

    private static async ValueTask<ExchangeStep> StepAsync(
        Connection connection, ConnectionAuthentication authentication, IAuthenticationExchange exchange, byte[]? data)
    {
        var step = await exchange.ContinueAsync(data).ConfigureAwait(false);
        switch (step.Status)
        {
            case ExchangeStatus.Continue:
                authentication.Await(exchange); // before the answer can come
                return TryAsk(connection, authentication, step.Data) ? step : ExchangeStep.Failure(ReasonCode.PacketTooLarge); // [MQTT-3.1.2-24]
            case ExchangeStatus.Success when connection.Transport.UserName is { } certified && certified != step.UserName:
                return ExchangeStep.Failure(ReasonCode.NotAuthorized); // one client cannot be two users
            case ExchangeStatus.Success:
                authentication.End();
                authentication.Connect = null;
                return step;
            default:
                return step; // [MQTT-4.12.0-4]
        }
    }

    /// <summary>[MQTT-4.12.0-2] [MQTT-3.15.1-1] [MQTT-3.15.2-1]</summary>
    private static bool TryAsk(Connection connection, ConnectionAuthentication authentication, byte[]? data)
    {
        var packet = new AuthPacket
        {
            ReasonCode = ReasonCode.ContinueAuthentication,
            AuthenticationMethod = authentication.Method,
            AuthenticationData = data,
        };
        if (packet.Encode(connection.Client.MaximumPacketSize) is not { } bytes)
        {
            return false;
        }

        connection.Reply(OutboundFrame.Of(PacketType.Auth, bytes));
        return true;
    }
}
