using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Raw;

/// <summary>A client as bytes over a real socket: sends what the test says, and cuts what comes back into packets.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private readonly RawStream _pipe;
    private byte[] _received = new byte[16 * 1024];
    private int _start;
    private int _end;

    private RawClient(RawStream pipe, ProtocolVersion version) => (_pipe, Version) = (pipe, version);

    public ProtocolVersion Version { get; }

    /// <summary>How the broker closed a WebSocket; null on other transports or when it just ended.</summary>
    public WebSocketCloseStatus? CloseStatus => _pipe.WebSocket?.CloseStatus;

    /// <summary>Whether the broker may end the connection inside a packet: it is going to be killed. Default: false.</summary>
    public bool MayBreakOff { get; init; }

    /// <summary>Cuts what is sent into writes of its own. Default: no cut.</summary>
    public Func<byte[], IEnumerable<ReadOnlyMemory<byte>>> Cutting { get; set; } = bytes => [bytes];

    public static async Task<RawClient> OpenAsync(
        SocketGateway gateway, ListenerKind kind, ProtocolVersion version = ProtocolVersion.Mqtt5, int? receiveBuffer = null)
    {
        Matrix.SkipWhenMissing(kind);
        return new(await RawStream.ConnectAsync(gateway, kind, receiveBuffer).OrStuck("the transport's handshake"), version);
    }

    /// <summary>Over TCP to a broker in another process.</summary>
    public static async Task<RawClient> OpenAsync(EndPoint broker, ProtocolVersion version, bool mayBreakOff) =>
        new(await RawStream.ConnectPlainAsync(broker), version) { MayBreakOff = mayBreakOff };

    /// <summary>A client on one stream of a connection that is already there.</summary>
    public static RawClient On(RawStream pipe, ProtocolVersion version = ProtocolVersion.Mqtt5) => new(pipe, version);

    /// <summary>Opens and sends CONNECT; CONNACK has to accept it.</summary>
    /// <param name="durable">Resumes the session and keeps it after the connection.</param>
    public static async Task<RawClient> ConnectAsync(
        SocketGateway gateway, ListenerKind kind, ProtocolVersion version, string clientId, bool durable = false, int? receiveBuffer = null)
    {
        var client = await OpenAsync(gateway, kind, version, receiveBuffer);
        await client.ConnectAsync(clientId, durable);
        return client;
    }

    /// <summary>CONNECT and CONNACK, which has to accept it.</summary>
    public async Task<ServerPacket> ConnectAsync(string clientId, bool durable = false, ushort keepAlive = 0)
    {
        var properties = durable ? new PropertyList { { PropertyId.SessionExpiryInterval, 300u } } : null;
        await SendAsync(ClientPackets.Connect(Version, clientId, cleanStart: !durable, keepAlive, properties: properties));
        var connack = await ReceiveAsync(PacketType.Connack);
        Assert.Equal(ReasonCode.Success, connack.Reason);
        return connack;
    }

    /// <summary>Sends bytes, which get lost when the broker has ended the connection: whether it has, reading tells, behind its last words.</summary>
    public async Task SendAsync(params byte[] bytes)
    {
        try
        {
            foreach (var part in Cutting(bytes))
            {
                await _pipe.Stream.WriteAsync(part).AsTask().OrStuck("the broker to take bytes");
            }
        }
        catch (Exception e) when (IsGone(e))
        {
            // expected: what the broker said before it ended is still there to be read
        }
    }

    /// <summary>The next packet, which has to be of that type.</summary>
    public async Task<ServerPacket> ReceiveAsync(PacketType expected)
    {
        var packet = await ReceiveAsync();
        Assert.True(packet?.Type == expected, $"Expected {expected}, received {packet?.ToString() ?? "the end"}.");
        return packet!; // the assertion
    }

    /// <summary>The next whole packet; null when the broker has ended the connection. An end inside a packet fails the test.</summary>
    public async Task<ServerPacket?> ReceiveAsync()
    {
        while (true)
        {
            if (TryCut() is { } packet)
            {
                return packet;
            }

            if (_end == _received.Length)
            {
                MakeRoom();
            }

            var read = await ReadAsync().OrStuck("a packet from the broker");
            if (read == 0)
            {
                Assert.True(_start == _end || MayBreakOff, $"The connection ended inside a packet: {Convert.ToHexString(_received.AsSpan(_start, _end - _start))}");
                return null;
            }

            _end += read;
        }
    }

    /// <summary>Everything until the broker ends the connection.</summary>
    public async Task<List<ServerPacket>> ReceiveToEndAsync()
    {
        var packets = new List<ServerPacket>();
        while (await ReceiveAsync() is { } packet)
        {
            packets.Add(packet);
        }

        return packets;
    }

    /// <summary>Breaks the connection without a word.</summary>
    public void Drop() => _pipe.Drop();

    public async ValueTask DisposeAsync()
    {
        Drop();
        try
        {
            await _pipe.Stream.DisposeAsync();
        }
        catch (Exception e) when (IsGone(e))
        {
            // expected: the peer is gone already
        }

        _pipe.WebSocket?.Dispose();
    }

    private async Task<int> ReadAsync()
    {
        try
        {
            return await _pipe.Stream.ReadAsync(_received.AsMemory(_end));
        }
        catch (Exception e) when (IsGone(e))
        {
            return 0;
        }
    }

    private static bool IsGone(Exception e) => e is IOException or WebSocketException or SocketException or ObjectDisposedException;

    private ServerPacket? TryCut()
    {
        var bodyStart = _start + 1;
        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (bodyStart >= _end)
            {
                return null;
            }

            var digit = _received[bodyStart++];
            length |= (digit & 127) << shift;
            if (digit < 128)
            {
                break;
            }
        }

        if (_end - bodyStart < length)
        {
            return null;
        }

        var packet = _received[_start..(bodyStart + length)];
        _start = bodyStart + length;
        return ServerPacket.Read(packet, Version);
    }

    private void MakeRoom()
    {
        var kept = _end - _start;
        var larger = kept > _received.Length / 2 ? new byte[_received.Length * 2] : new byte[_received.Length];
        _received.AsSpan(_start, kept).CopyTo(larger);
        (_received, _start, _end) = (larger, 0, kept);
    }
}
