using System.Net;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>A raw MQTT client: whole packets in, whole packets out.</summary>
internal sealed class LoadClient : IDisposable
{
    private RawStream? _pipe;
    private byte[] _buffer = new byte[64 * 1024];
    private int _start, _end;

    private Stream Stream => _pipe?.Stream ?? throw new InvalidOperationException("The client is not connected.");

    /// <summary>A client on a connection that is already there.</summary>
    public static LoadClient On(RawStream pipe) => new() { _pipe = pipe };

    public async Task ConnectAsync(int port) => _pipe = await RawStream.ConnectPlainAsync(new IPEndPoint(IPAddress.Loopback, port));

    public ValueTask SendAsync(ReadOnlyMemory<byte> packet) => Stream.WriteAsync(packet);

    /// <summary>The next packet; empty when the connection has ended. Valid until the next call.</summary>
    public async Task<ReadOnlyMemory<byte>> ReceiveAsync()
    {
        try
        {
            while (!TryCut(out var length))
            {
                if (_end == _buffer.Length)
                {
                    MakeRoom();
                }

                var read = await Stream.ReadAsync(_buffer.AsMemory(_end));
                if (read == 0)
                {
                    return default;
                }

                _end += read;
            }

            TryCut(out var packet);
            var result = _buffer.AsMemory(_start, packet);
            _start += packet;
            return result;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return default; // reset: as much an end as FIN
        }
    }

    /// <summary>The next packet, if it has arrived whole already. Valid until the next call.</summary>
    public bool TryReceive(out ReadOnlyMemory<byte> packet)
    {
        var isWhole = TryCut(out var length);
        packet = isWhole ? _buffer.AsMemory(_start, length) : default;
        _start += isWhole ? length : 0;
        return isWhole;
    }

    /// <summary>Connects with a session that outlives the connection.</summary>
    public async Task ConnectDurablyAsync(int port, string clientId)
    {
        await ConnectAsync(port);
        var properties = new PropertyList { { PropertyId.SessionExpiryInterval, 3600u }, { PropertyId.ReceiveMaximum, 1000u } };
        await SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt5, clientId, cleanStart: false, properties: properties));
        await ReceiveAsync();
    }

    public void Dispose() => _pipe?.Drop();

    private bool TryCut(out int length)
    {
        length = 0;
        var input = _buffer.AsSpan(_start, _end - _start);
        if (input.Length < 2 || VariableByteInteger.TryRead(input[1..], out var body, out var lengthBytes) != ReadStatus.Ok)
        {
            return false;
        }

        length = 1 + lengthBytes + (int)body;
        return input.Length >= length;
    }

    private void MakeRoom()
    {
        var kept = _end - _start;
        var target = kept * 2 > _buffer.Length ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, kept).CopyTo(target);
        (_buffer, _start, _end) = (target, 0, kept);
    }
}
