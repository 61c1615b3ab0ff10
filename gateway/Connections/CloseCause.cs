using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports;

namespace GrainMQ.Gateway.Connections;

/// <summary>Why a connection ended: one value per line in the log and per label of <c>mqtt_connections_closed_total</c>.</summary>
internal enum CloseCause : byte
{
    None,
    /// <summary>DISCONNECT 0x00: the only end that discards the will. [MQTT-3.14.4-3]</summary>
    ClientDisconnect,
    /// <summary>DISCONNECT 0x04 or with an error code: the will is published.</summary>
    ClientDisconnectWithWill,
    PeerClosed,
    /// <summary>The client has finished a data stream; its connection goes on.</summary>
    StreamFinished,
    NetworkError,
    ProtocolError,
    KeepAliveTimeout,
    /// <summary>A packet was not completed in its time.</summary>
    PacketTimeout,
    ConnectTimeout,
    ConnectRefused,
    TakenOver,
    Fenced,
    NullOutboundFrame,
    Stalled,
    QuotaExceeded,
    /// <summary>Re-authentication was refused. [MQTT-4.12.1-2]</summary>
    AuthenticationFailed,
    ServerShutdown,
    InternalError,
}

internal static class CloseCauses
{
    /// <summary>The client is gone or has said goodbye: nothing more is written to it.</summary>
    public static bool IsClientGone(this CloseCause cause) => cause is
        CloseCause.ClientDisconnect or CloseCause.ClientDisconnectWithWill or CloseCause.PeerClosed or CloseCause.NetworkError;

    /// <summary>What ends a data stream alone. Every other cause is the connection's, on whichever stream it shows.</summary>
    public static bool EndsOnlyItsStream(this CloseCause cause) => cause is
        CloseCause.StreamFinished or CloseCause.PeerClosed or CloseCause.NetworkError or CloseCause.ProtocolError or CloseCause.PacketTimeout
        or CloseCause.Stalled;

    public static TransportCloseStatus TransportStatus(this CloseCause cause, ReasonCode? reason) => cause switch
    {
        CloseCause.PeerClosed => TransportCloseStatus.PeerClosed,
        CloseCause.ProtocolError when reason == ReasonCode.PacketTooLarge => TransportCloseStatus.PacketTooLarge,
        CloseCause.ProtocolError or CloseCause.PacketTimeout or CloseCause.ConnectRefused or CloseCause.AuthenticationFailed => TransportCloseStatus.ProtocolError,
        CloseCause.NullOutboundFrame or CloseCause.InternalError or CloseCause.Stalled => TransportCloseStatus.InternalError,
        _ => TransportCloseStatus.Normal,
    };

    /// <summary>How long a last DISCONNECT may take to leave. A null frame is our own fault: its connection goes fast.</summary>
    public static TimeSpan Grace(this CloseCause cause) =>
        cause is CloseCause.NullOutboundFrame ? TimeSpan.FromMilliseconds(250) : TimeSpan.FromSeconds(2);
}
