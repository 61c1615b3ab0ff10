namespace GrainMQ.Gateway.Protocol;

/// <summary>A client's sign of life (MQTT 5 §3.12).</summary>
public static class PingreqPacket
{
    /// <summary>Success for the empty body that the packet must have.</summary>
    public static ReasonCode TryParse(ReadOnlySpan<byte> body) =>
        body.IsEmpty ? ReasonCode.Success : ReasonCode.MalformedPacket;
}
