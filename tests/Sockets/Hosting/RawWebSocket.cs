using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>A WebSocket client as bytes: it sends what no library would, and sees every frame and how the connection ends.</summary>
internal sealed class RawWebSocket : IAsyncDisposable
{
    public const byte Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10;

    private readonly Socket _socket;
    private readonly Stream _stream;

    private RawWebSocket(Socket socket, Stream stream) => (_socket, _stream) = (socket, stream);

    /// <param name="early">What the client sends with its request, before it is answered.</param>
    public static async Task<RawWebSocket> ConnectAsync(EndPoint endPoint, ListenerKind kind, params byte[] early)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint);
        Stream stream = kind == ListenerKind.Wss ? await new SecureClient().ConnectAsync(socket) : new NetworkStream(socket, ownsSocket: true);
        var request = Encoding.ASCII.GetBytes(
            "GET /mqtt HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n");
        await stream.WriteAsync((byte[])[.. request, .. early]);
        var answer = new StringBuilder();
        while (!answer.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var next = new byte[1];
            await stream.ReadExactlyAsync(next).AsTask().OrStuck("the answer to the upgrade");
            answer.Append((char)next[0]);
        }

        Assert.StartsWith("HTTP/1.1 101 ", answer.ToString());
        return new(socket, stream);
    }

    public Task SendAsync(byte opcode, params byte[] payload) => SendBytesAsync(Frame(opcode, payload));

    public async Task SendBytesAsync(params byte[] bytes) => await _stream.WriteAsync(bytes);

    /// <summary>A masked frame with FIN.</summary>
    public static byte[] Frame(byte opcode, byte[] payload)
    {
        byte[] mask = [1, 2, 3, 4];
        byte[] length = payload.Length < 126
            ? [(byte)(0x80 | payload.Length)]
            : [0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length];
        return [(byte)(0x80 | opcode), .. length, .. mask, .. payload.Select((value, i) => (byte)(value ^ mask[i % 4]))];
    }

    /// <summary>The next frame; null when the server has ended the connection in order. Fails on a reset.</summary>
    public async Task<(byte Opcode, byte[] Payload)?> ReceiveAsync()
    {
        var header = new byte[2];
        if (await _stream.ReadAtLeastAsync(header, 2, throwOnEndOfStream: false).AsTask().OrStuck("a frame or the end") < 2)
        {
            return null;
        }

        Assert.Equal(0x80, header[0] & 0xF0); // whole, no extensions
        Assert.Equal(0, header[1] & 0x80); // a server does not mask
        ulong length = header[1];
        if (length >= 126)
        {
            var more = new byte[8];
            var size = length == 126 ? 2 : 8;
            await _stream.ReadExactlyAsync(more.AsMemory(8 - size));
            length = BinaryPrimitives.ReadUInt64BigEndian(more);
        }

        var payload = new byte[length];
        await _stream.ReadExactlyAsync(payload).AsTask().OrStuck("the rest of a frame");
        return ((byte)(header[0] & 0x0F), payload);
    }

    /// <summary>The payload of the next frame, which has to be a packet in a binary message.</summary>
    public async Task<byte[]> ReceivePacketAsync()
    {
        var frame = await ReceiveAsync();
        Assert.Equal((byte?)Binary, frame?.Opcode);
        return frame!.Value.Payload; // it was compared
    }

    /// <summary>Frames up to Close, which is answered like a client does; then FIN, and no RST. Returns the status.</summary>
    public async Task<int> ClosedAsync(bool isAnswered = true)
    {
        while (true)
        {
            var frame = await ReceiveAsync();
            Assert.NotNull(frame);
            if (frame.Value.Opcode != Close)
            {
                continue;
            }

            if (isAnswered)
            {
                await SendAsync(Close, frame.Value.Payload[..2]);
            }

            Assert.Null(await ReceiveAsync()); // nothing after Close, and an end in order
            return BinaryPrimitives.ReadUInt16BigEndian(frame.Value.Payload);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Close();
        await _stream.DisposeAsync();
    }
}
