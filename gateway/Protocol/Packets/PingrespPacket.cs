namespace GrainMQ.Gateway.Protocol;

/// <summary>The answer to PINGREQ (MQTT 5 §3.13).</summary>
public static class PingrespPacket
{
    /// <summary>The whole packet, shared by all connections and never written to.</summary>
    public static ReadOnlyMemory<byte> Frame { get; } = new byte[] { 0xD0, 0x00 };
}
