using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;
using GrainMQ.Gateway.Sessions;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Handlers;

/// <summary>Where a CONNECT enters. MQTT 5 §3.1.</summary>
/// <remarks>
/// <code>
///  socket ──1──► Connection ──► ReadDispatcher ──► PacketDispatcher ──► ConnectHandler
///                                                                         │ 2  ConnectTerms: CONNECT and options → Client
///            AUTH ◄──► ConnectExchange ◄── Authentication Method ─────────┤
///                      Authenticators  ◄── password, certificate ─────────┤ 3  who is it?
///                                                                         ▼
///                                                                   SessionOpener ◄── ClientTurns: one turn per client
///                    SessionHandover, what is not confirmed yet ◄─────────┤ 4
///                          SessionStoreGrain.AttachAsync ◄────────────────┤ 5  epoch, Session Present, state
///                    SessionCloser.EndTakenOver, the old one ◄─────────┤ 6  and its will: Wills
///                                                                         ▼
///                                              ConnackEncoder ──7──► OutboundQueue, then Connection.Serve, Session.Attach
///  socket ◄──8── OutboundWriter: CONNACK, what was in flight, what waited
/// </code>
/// A refusal ends at the step that refuses, with CONNACK where the version has one for the reason.
/// </remarks>
internal sealed class ConnectHandler(
    ConnectTerms terms, ConnackEncoder connack, Authenticators authenticators, ConnectExchange exchange, SessionOpener opener, MemoryGuard memory,
    ILogger<Connection> logger)
{
    public ValueTask<ReasonCode> Handle(Connection connection, ReadOnlySpan<byte> body)
    {
        var error = ConnectPacket.TryParse(body, out var packet, out var version);
        if (packet is null || error != ReasonCode.Success)
        {
            connection.Client = version == 0 ? Client.Unknown : Client.Unknown with { Version = version };
            Refuse(connection, error, canAnswer: version != 0);
            return new(ReasonCode.Success);
        }

        return ConnectAsync(connection, packet);
    }

    /// <summary>What the client sends between its CONNECT and CONNACK: AUTH or DISCONNECT.</summary>
    public ValueTask<ReasonCode> Continue(
        Connection connection, ConnectionAuthentication authentication, ConnectPacket connect, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (header.Type == PacketType.Disconnect)
        {
            connection.Close(CloseCause.ClientDisconnect);
            return new(ReasonCode.Success);
        }

        return EndExchangeAsync(connection, connect, exchange.ContinueAsync(connection, authentication, header, body));
    }

    private async ValueTask<ReasonCode> ConnectAsync(Connection connection, ConnectPacket packet)
    {
        // :: Step 2
        connection.Client = terms.Grant(packet);
        var reason = memory.RefusesConnect ? ReasonCode.QuotaExceeded : packet.Will is { } will ? terms.Check(will) : ReasonCode.Success;
        if (reason != ReasonCode.Success)
        {
            Refuse(connection, reason);
            return ReasonCode.Success;
        }

        // :: Step 3
        if (packet.AuthenticationMethod is { } method)
        {
            return await EndExchangeAsync(connection, packet, exchange.BeginAsync(connection, packet, method)).ConfigureAwait(false);
        }

        connection.Deadline.StopConnectTimeout();
        var request = AuthenticationRequest.Of(connection.Client.Id, connection.Transport, packet);
        var result = await authenticators.AuthenticateAsync(request).ConfigureAwait(false);
        if (result.Reason == ReasonCode.Success)
        {
            await OpenAsync(connection, packet, result.UserName, null).ConfigureAwait(false);
        }
        else
        {
            Refuse(connection, result.Reason);
        }

        return ReasonCode.Success;
    }

    private async ValueTask<ReasonCode> EndExchangeAsync(Connection connection, ConnectPacket packet, ValueTask<ExchangeStep> next)
    {
        var step = await next.ConfigureAwait(false);
        if (step.Status == ExchangeStatus.Success)
        {
            connection.Deadline.StopConnectTimeout();
            await OpenAsync(connection, packet, step.UserName, step.Data).ConfigureAwait(false);
        }
        else if (step.Status == ExchangeStatus.Failure)
        {
            Refuse(connection, step.Reason);
        }

        return ReasonCode.Success;
    }

    /// <summary>The client is authenticated.</summary>
    /// <param name="connection">Of the client.</param>
    /// <param name="packet">Its CONNECT.</param>
    /// <param name="userName">Authenticated user; null if anonymous.</param>
    /// <param name="authenticationData">The last word of an exchange, for CONNACK; null: none.</param>
    private async ValueTask OpenAsync(Connection connection, ConnectPacket packet, string? userName, byte[]? authenticationData)
    {
        connection.Client = ConnectTerms.Admit(connection.Client, packet, userName);
        if (!connack.Fits(connection.Client, packet, authenticationData))
        {
            Refuse(connection, ReasonCode.PacketTooLarge, canAnswer: false); // not even CONNACK fits what the client accepts [MQTT-3.1.2-24]
            return;
        }

        // :: Steps 4 to 6
        using var opened = await opener.OpenAsync(connection).ConfigureAwait(false);
        if (opened.Session is not { } session)
        {
            Refuse(connection, opened.Reason);
            return;
        }

        // :: Step 7. CONNACK is queued before the session gets the connection: it has to be the first packet that leaves. [MQTT-3.2.0-1]
        if (connack.Accept(connection.Client, packet, opened.SessionPresent, authenticationData) is { } bytes)
        {
            connection.Reply(OutboundFrame.Of(PacketType.Connack, bytes));
        }

        connection.Serve(session);
        HandlerLog.Connected(logger, connection.Client.Id, connection.RemoteEndPoint, connection.Client.Version, opened.SessionPresent);
        opened.Attach(connection);

        // :: Step 8
        connection.FlushOutbound();
        connection.ServeStreams();
    }

    /// <summary>A CONNACK where the version has one for the reason, then the end. [MQTT-3.1.4-6] [MQTT-3.2.2-7]</summary>
    private void Refuse(Connection connection, ReasonCode reason, bool canAnswer = true)
    {
        var client = connection.Client;
        HandlerLog.Refused(logger, client.Id, connection.RemoteEndPoint, reason);
        if (canAnswer && ConnackEncoder.Refuse(client.Version, reason, client.MaximumPacketSize) is { } bytes)
        {
            connection.Reply(OutboundFrame.Of(PacketType.Connack, bytes));
        }

        connection.Close(CloseCause.ConnectRefused);
    }
}
