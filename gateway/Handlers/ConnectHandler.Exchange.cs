using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;

namespace GrainMQ.Gateway.Handlers;

/// <summary>
/// A CONNECT that names an Authentication Method is answered by AUTH until the exchange has ended, then by CONNACK; all of it within
/// <see cref="ConnectionOptions.ConnectTimeout"/>. MQTT 5 §4.12.
/// </summary>
internal sealed partial class ConnectHandler
{
    /// <summary>What the client sends between its CONNECT and CONNACK: AUTH and DISCONNECT, nothing else. [MQTT-3.1.2-30]</summary>
    public ValueTask<ReasonCode> Continue(Connection connection, ConnectPacket connect, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (header.Type == PacketType.Disconnect)
        {
            connection.Close(CloseCause.ClientDisconnect);
            return new(ReasonCode.Success);
        }

        AuthPacket? packet = null;
        var error = header.Type == PacketType.Auth ? AuthPacket.TryParse(body, out packet) : ReasonCode.ProtocolError;
        if (packet is null || error != ReasonCode.Success)
        {
            Refuse(connection, error, canAnswer: true);
            return new(ReasonCode.Success);
        }

        var authentication = connection.Authentication;
        if (packet.ReasonCode != ReasonCode.ContinueAuthentication // [MQTT-4.12.0-3]
            || packet.AuthenticationMethod != authentication?.Method // [MQTT-4.12.0-5]
            || !authentication.TryTake(out var exchange))
        {
            Refuse(connection, ReasonCode.ProtocolError, canAnswer: true);
            return new(ReasonCode.Success);
        }

        return StepAsync(connection, authentication, connect, exchange, packet.AuthenticationData);
    }

    private async ValueTask BeginExchangeAsync(Connection connection, ConnectPacket packet, string method)
    {
        if (authenticators.Begin(method, connection.AuthenticationRequest(packet)) is not { } exchange)
        {
            Refuse(connection, ReasonCode.BadAuthenticationMethod, canAnswer: true); // [MQTT-4.12.0-1]
            return;
        }

        var authentication = new ConnectionAuthentication(method) { Connect = packet };
        authentication.TryBegin();
        connection.Authentication = authentication;
        await StepAsync(connection, authentication, packet, exchange, packet.AuthenticationData).ConfigureAwait(false);
    }

    private async ValueTask<ReasonCode> StepAsync(
        Connection connection, ConnectionAuthentication authentication, ConnectPacket connect, IAuthenticationExchange exchange, byte[]? data)
    {
        var step = await exchange.ContinueAsync(data).ConfigureAwait(false);
        switch (step.Status)
        {
            case ExchangeStatus.Continue:
                authentication.Await(exchange);
                Ask(connection, authentication, step.Data);
                break;
            case ExchangeStatus.Success when connection.Transport.UserName is { } certified && certified != step.UserName:
                Refuse(connection, ReasonCode.NotAuthorized, canAnswer: true); // one client cannot be two users
                break;
            case ExchangeStatus.Success:
                authentication.End();
                authentication.Connect = null;
                connection.OnConnectReceived();
                await OpenAsync(connection, connect, step.UserName, step.Data).ConfigureAwait(false);
                break;
            default:
                Refuse(connection, step.Reason, canAnswer: true); // [MQTT-4.12.0-4]
                break;
        }

        return ReasonCode.Success;
    }

    /// <summary>[MQTT-4.12.0-2] [MQTT-3.15.1-1] [MQTT-3.15.2-1]</summary>
    private void Ask(Connection connection, ConnectionAuthentication authentication, byte[]? data)
    {
        var packet = new AuthPacket
        {
            ReasonCode = ReasonCode.ContinueAuthentication,
            AuthenticationMethod = authentication.Method,
            AuthenticationData = data,
        };
        if (packet.Encode((uint)connection.ClientMaximumPacketSize) is { } bytes)
        {
            connection.Reply(OutboundFrame.Of(PacketType.Auth, bytes));
        }
        else
        {
            Refuse(connection, ReasonCode.PacketTooLarge, canAnswer: true); // [MQTT-3.1.2-24]
        }
    }
}
