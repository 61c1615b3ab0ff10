using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Testing;

/// <summary>A client as bytes: sends what the test says, and cuts what comes back into packets.</summary>
public sealed partial class MemoryClient(MemoryTransport transport)
{
    private byte[] _received = [];

    public MemoryTransport Transport { get; } = transport;

    public void Send(params ReadOnlySpan<byte> bytes) => Transport.Send(bytes);

    public void Drop() => Transport.Drop();

    /// <summary>The next whole packet; null when the server closed before there was one.</summary>
    public async Task<byte[]?> ReceivePacketAsync()
    {
        while (true)
        {
            if (TryCut(out var packet))
            {
                return packet;
            }

            var bytes = await Transport.ReceiveAsync();
            if (bytes.Length == 0)
            {
                return null;
            }

            _received = [.. _received, .. bytes];
        }
    }

    /// <summary>The whole packets that have come since the last call.</summary>
    public List<ServerPacket> TakePackets()
    {
        _received = [.. _received, .. Transport.Take()];
        var packets = new List<ServerPacket>();
        while (TryCut(out var packet))
        {
            packets.Add(ServerPacket.Read(packet, Version));
        }

        return packets;
    }

    public Task ClosedAsync() => Transport.ClosedAsync();

    private bool TryCut(out byte[] packet)
    {
        packet = [];
        if (_received.Length < 2 || VariableByteInteger.TryRead(_received.AsSpan(1), out var body, out var lengthBytes) != ReadStatus.Ok)
        {
            return false;
        }

        var length = 1 + lengthBytes + (int)body;
        if (_received.Length < length)
        {
            return false;
        }

        (packet, _received) = (_received[..length], _received[length..]);
        return true;
    }
}
