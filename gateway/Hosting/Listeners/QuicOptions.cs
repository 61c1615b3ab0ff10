using System.ComponentModel.DataAnnotations;

namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>MQTT over QUIC; section <c>Quic</c>. Certificates are those of <see cref="TlsOptions"/> or of the listener.</summary>
public sealed class QuicOptions
{
    /// <summary>
    /// Streams that a client may have open at once, its control stream included. NanoSDK always opens five; further ones wait in the
    /// client until one has ended. Default: 32.
    /// </summary>
    [Range(16, 1024)]
    public int MaximumStreams { get; set; } = 32;
}
