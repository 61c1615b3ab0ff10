using System.Net;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Connections;

/// <summary>Events 4300–4319, of one connection.</summary>
internal static partial class ConnectionLog
{
    [LoggerMessage(4300, LogLevel.Debug, "Connection {Id} accepted: {Transport} on {Listener} from {Client}")]
    public static partial void Accepted(ILogger logger, long id, TransportKind transport, string listener, EndPoint? client);

    [LoggerMessage(4301, LogLevel.Debug, "Connection {Id} of {ClientId} ended: {Cause}, from {Client}")]
    public static partial void Ended(ILogger logger, long id, string clientId, CloseCause cause, EndPoint? client);

    [LoggerMessage(4302, LogLevel.Warning, "Connection {Id} of {ClientId} from {Client} broke the protocol: {Reason}")]
    public static partial void ProtocolError(ILogger logger, long id, string clientId, EndPoint? client, ReasonCode reason);

    [LoggerMessage(4303, LogLevel.Debug, "Writing to connection {Id} of {ClientId} failed: {Error}")]
    public static partial void WriteFailed(ILogger logger, long id, string clientId, string error);

    [LoggerMessage(4304, LogLevel.Error, "Connection {Id} of {ClientId} met an unexpected error and is closed")]
    public static partial void UnexpectedError(ILogger logger, long id, string clientId, Exception exception);

    [LoggerMessage(4305, LogLevel.Warning, "{ClientId} from {Client} takes nothing any more with {Frames} packets waiting and is disconnected (Outbound:StallTimeout)")]
    public static partial void Stalled(ILogger logger, string clientId, EndPoint? client, int frames);

    [LoggerMessage(4306, LogLevel.Debug, "Connection {Id} of {ClientId}: the client opened a data stream")]
    public static partial void StreamOpened(ILogger logger, long id, string clientId);

    [LoggerMessage(4307, LogLevel.Debug, "Connection {Id} of {ClientId}: a data stream ended: {Cause}")]
    public static partial void StreamEnded(ILogger logger, long id, string clientId, CloseCause cause);

    [LoggerMessage(4308, LogLevel.Warning, "Connection {Id} of {ClientId} from {Client}: a data stream broke the protocol and is closed: {Reason}")]
    public static partial void StreamProtocolError(ILogger logger, long id, string clientId, EndPoint? client, ReasonCode reason);

    [LoggerMessage(4309, LogLevel.Warning, "Connection {Id} of {ClientId} from {Client}: a data stream takes nothing any more with {Frames} packets waiting and is closed (Outbound:StallTimeout)")]
    public static partial void StreamStalled(ILogger logger, long id, string clientId, EndPoint? client, int frames);

    [LoggerMessage(4310, LogLevel.Error, "NullOutboundFrame for {ClientId}, epoch {Epoch}, on {Transport}, {Version}: {Depth} packets waiting, the last one written was {Last}; the connection is closed", EventName = "NullOutboundFrame")]
    public static partial void NullOutboundFrame(
        ILogger logger, string clientId, ulong epoch, TransportKind transport, ProtocolVersion version, int depth, PacketType last);
}
