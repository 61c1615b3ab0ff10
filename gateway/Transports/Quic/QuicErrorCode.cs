namespace GrainMQ.Gateway.Transports.Quic;

/// <summary>
/// Application error codes of connections and streams. 0 and 1 are those that EMQX uses for the same ends; the others are MQTT 5 reason
/// codes.
/// </summary>
internal static class QuicErrorCode
{
    public const long None = 0;

    /// <summary>The connection ends because its control stream is lost.</summary>
    public const long ControlStreamLost = 1;

    public const long ProtocolError = 0x82;

    public const long InternalError = 0x83;

    /// <summary>A stream that could never be answered.</summary>
    public const long UnidirectionalStream = ProtocolError;

    public static long Of(TransportCloseStatus status) => status switch
    {
        TransportCloseStatus.Normal => None,
        TransportCloseStatus.PeerClosed => ControlStreamLost,
        TransportCloseStatus.ProtocolError or TransportCloseStatus.PacketTooLarge => ProtocolError,
        _ => InternalError,
    };
}
