using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>
/// A subscriber of MQTT 5 that takes <see cref="BacklogMessage"/>s at QoS 1 and costs so little that it is not what is measured: one thread, one
/// large read, one write with the PUBACKs for all that it brought, nothing allocated. It looks at every message: which, in which order, how often.
/// </summary>
/// <param name="publishers">Who publishes them.</param>
internal sealed class DrainReader(int publishers)
{
    private const int ReadBytes = 1 << 20;
    private const int PubackBytes = 4;
    private const int SmallestPublish = 9;

    private readonly byte[] _buffer = new byte[ReadBytes];
    private readonly byte[] _acks = new byte[ReadBytes / SmallestPublish * PubackBytes];
    private readonly int[] _next = BacklogMessage.FirstNumbers(publishers);
    private int _kept;

    public long Received { get; private set; }

    /// <summary>Messages that were not the next one of their publisher and topic.</summary>
    public long Misplaced { get; private set; }

    public long Reads { get; private set; }

    /// <summary>Returns when so many messages were received and acknowledged, with the time from CONNECT on.</summary>
    public TimeSpan Run(int port, string clientId, ushort receiveMaximum, long messages)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000 };
        socket.Connect(IPAddress.Loopback, port);
        var clock = Stopwatch.StartNew();
        var properties = new PropertyList { { PropertyId.SessionExpiryInterval, 3600u }, { PropertyId.ReceiveMaximum, (uint)receiveMaximum } };
        Send(socket, ClientPackets.Connect(ProtocolVersion.Mqtt5, clientId, cleanStart: false, properties: properties));
        while (Received < messages)
        {
            var read = socket.Receive(_buffer.AsSpan(_kept));
            if (read == 0)
            {
                throw new InvalidOperationException($"The broker closed the connection after {Received:N0} of {messages:N0} messages.");
            }

            Reads++;
            Send(socket, _acks.AsSpan(0, Take(_kept + read)));
        }

        var elapsed = clock.Elapsed;
        Send(socket, ClientPackets.Disconnect());
        while (socket.Receive(_buffer) > 0)
        {
        }

        return elapsed;
    }

    private static void Send(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    /// <summary>Looks at whole packets, moves the rest to the front; returns the bytes of PUBACKs to write.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // what it costs is the same from the first message on
    private int Take(int length)
    {
        var input = _buffer.AsSpan(0, length);
        var acks = _acks.AsSpan();
        while (input.Length >= 2 && VariableByteInteger.TryRead(input[1..], out var body, out var lengthBytes) == ReadStatus.Ok
            && input.Length >= 1 + lengthBytes + (int)body)
        {
            if (input[0] >> 4 == (int)PacketType.Publish)
            {
                var publish = input.Slice(1 + lengthBytes, (int)body);
                var rest = publish[(2 + BinaryPrimitives.ReadUInt16BigEndian(publish))..];
                acks[0] = (int)PacketType.Puback << 4;
                acks[1] = 2;
                rest[..2].CopyTo(acks[2..]);
                acks = acks[PubackBytes..];
                VariableByteInteger.TryRead(rest[2..], out var properties, out var propertiesBytes);
                Count(rest[(2 + propertiesBytes + (int)properties)..]);
            }

            input = input[(1 + lengthBytes + (int)body)..];
        }

        _kept = input.Length;
        input.CopyTo(_buffer);
        return _acks.Length - acks.Length;
    }

    private void Count(ReadOnlySpan<byte> payload)
    {
        var (place, number) = BacklogMessage.Read(payload);
        Misplaced += _next[place] == number ? 0 : 1;
        _next[place] = number + BacklogMessage.Topics;
        Received++;
    }
}
