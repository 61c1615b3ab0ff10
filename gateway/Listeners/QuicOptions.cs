using System.ComponentModel.DataAnnotations;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Configures MQTT over QUIC; section <c>Quic</c>. Certificates are those of <see cref="TlsOptions"/> or of the listener.</summary>
public sealed class QuicOptions
{
    /// <summary>
    /// Streams that a client may have open at once, its control stream included. NanoSDK always opens five; further ones wait in the
    /// client until one has ended. Default: 32.
    /// </summary>
    [Range(16, 1024)]
    public int MaximumStreams { get; set; } = 32;

    /// <summary>
    /// Connections whose handshake is not finished, per listener; further ones are refused. Each costs some 56 KB until
    /// <see cref="TlsOptions.HandshakeTimeout"/>, and it takes one datagram, from any address, to begin one. Default: 4096.
    /// </summary>
    [Range(16, 65_536)]
    public int MaximumHandshakes { get; set; } = 4096;
}
