using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports.Quic;

namespace GrainMQ.Tests.Testing;

/// <summary>A client on a QUIC connection in memory; each of its streams is a <see cref="MemoryClient"/>.</summary>
public sealed class MemoryQuicClient
{
    private readonly List<(MemoryClient Client, MemoryQuicStream Stream)> _streams = [];

    public MemoryQuicClient(MemoryQuicLink link, TimeProvider time) => (Link, Transport) = (link, new QuicTransport(link, "quic", time));

    public MemoryQuicLink Link { get; }

    /// <summary>The server's end.</summary>
    public QuicTransport Transport { get; }

    /// <summary>The first stream.</summary>
    public MemoryClient Control => _streams[0].Client;

    /// <summary>Opens the next stream.</summary>
    public MemoryClient OpenStream(ProtocolVersion version = ProtocolVersion.Mqtt5)
    {
        var stream = Link.TryOpen() ?? throw new InvalidOperationException("The server grants no further stream.");
        var client = new MemoryClient(stream.Pipe) { Version = version };
        _streams.Add((client, stream));
        return client;
    }

    public MemoryQuicStream StreamOf(MemoryClient client) => _streams.Single(pair => pair.Client == client).Stream;

    /// <summary>Opens the control stream and says CONNECT on it; returns CONNACK.</summary>
    public Task<ServerPacket> ConnectAsync(
        string clientId, ProtocolVersion version = ProtocolVersion.Mqtt5, bool cleanStart = true, uint? expiry = null, ushort keepAlive = 0,
        ClientWill? will = null) =>
        OpenStream(version).ConnectAsync(clientId, cleanStart, expiry, version, keepAlive, will);
}
