using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Threading.Channels;
using GrainMQ.Tests.Conformance.Notation;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Conformance.Running;

/// <summary>A client on a real socket that takes what comes at once, so that its count can be compared with the broker's.</summary>
internal sealed class SocketRowClient : RowClient
{
    private readonly RawStream _pipe;
    private readonly MeteredConnections _meters;
    private readonly int _port;
    private readonly Channel<byte[]> _packets = Channel.CreateUnbounded<byte[]>();
    private long _sent;
    private long _received;
    private volatile bool _isOver;
    private MeteredTransport? _meter;

    public SocketRowClient(RawStream pipe, MeteredConnections meters)
    {
        (_pipe, _meters) = (pipe, meters);
        _port = pipe.LocalEndPoint is IPEndPoint local ? local.Port : throw new ArgumentException("It is not connected.", nameof(pipe));
        _ = ReadAsync();
    }

    /// <summary>Nothing is under way between this client and the broker, in either direction.</summary>
    public bool IsEven
    {
        get
        {
            _meter ??= _meters.Find(_port);
            if (_meter is null)
            {
                return false; // the broker's end of the handshake is not done
            }

            return _isOver || _meter.IsDisposed
                ? _isOver && _meter.IsDisposed
                : _meter.BytesRead == Volatile.Read(ref _sent) && _meter.BytesWritten == Volatile.Read(ref _received);
        }
    }

    public override async Task SendAsync(byte[] bytes)
    {
        Interlocked.Add(ref _sent, bytes.Length);
        try
        {
            await _pipe.Stream.WriteAsync(bytes).AsTask().OrStuck("the broker to take bytes");
        }
        catch (Exception e) when (IsGone(e))
        {
            // expected: the broker has closed; the reader takes what it said before and sees the end
        }
    }

    public override async Task<byte[]?> ReceivePacketAsync() =>
        await _packets.Reader.WaitToReadAsync().AsTask().OrStuck("a packet from the broker") && _packets.Reader.TryRead(out var packet) ? packet : null;

    public override void Drop()
    {
        _isOver = true;
        _pipe.Drop();
    }

    private async Task ReadAsync()
    {
        byte[] rest = [];
        var buffer = new byte[16 * 1024];
        try
        {
            while (await _pipe.Stream.ReadAsync(buffer) is > 0 and var read)
            {
                rest = Cut([.. rest, .. buffer.AsSpan(0, read)]);
                Interlocked.Add(ref _received, read);
            }
        }
        catch (Exception e) when (IsGone(e))
        {
            // expected: the broker, or the row, has broken the connection
        }

        Drop();
        _pipe.WebSocket?.Dispose();
        _packets.Writer.Complete();
    }

    /// <returns>The beginning of a packet that is not whole yet.</returns>
    private byte[] Cut(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 2)
        {
            var body = bytes[1..];
            if (!VariableByteInteger.TryRead(ref body, out var length) || length > body.Length)
            {
                break;
            }

            var whole = bytes.Length - body.Length + length;
            _packets.Writer.TryWrite(bytes[..whole].ToArray());
            bytes = bytes[whole..];
        }
        return bytes.ToArray();
    }

    private static bool IsGone(Exception e) => e is IOException or WebSocketException or SocketException or ObjectDisposedException;
}
