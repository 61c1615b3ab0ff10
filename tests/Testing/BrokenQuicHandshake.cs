using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Authentication;

namespace GrainMQ.Tests.Testing;

public enum QuicFault
{
    /// <summary>A datagram of random bytes.</summary>
    Garbage,

    /// <summary>The header of an Initial packet, and random bytes where its content should be.</summary>
    BrokenInitial,

    /// <summary>A good Initial packet with a ClientHello, and nothing ever after.</summary>
    InitialOnly,

    /// <summary>The same, and after the server's answer a Handshake packet that cannot be decrypted.</summary>
    StopsMidway,

    /// <summary>A whole client that asks for another application protocol.</summary>
    WrongProtocol,

    /// <summary>A whole client that ends the handshake when it sees the server's certificate.</summary>
    AbortsHandshake,

    /// <summary>A handshake that succeeds, and an end without a stream.</summary>
    NoStream,
}

/// <summary>Attempts at a QUIC connection that come to nothing.</summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
public static class BrokenQuicHandshake
{
    private const int LargestDatagram = 1500;

    /// <summary>First byte, version and length of the destination's connection id; then that id and the source's, each after its length.</summary>
    private const int DestinationOffset = 6;
    private const byte HandshakePacket = 0xE0;

    /// <summary>The answer may be lost, and a server under load may keep it back.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Not the address of any other client: the library tells clients without a connection id apart by address and port, and a client that
    /// came by the port of a half-open connection would be taken for it. (macOS has no second loopback address.)
    /// </summary>
    private static readonly IPAddress Source = OperatingSystem.IsMacOS() ? IPAddress.Loopback : IPAddress.Parse("127.0.0.2");

    private static readonly Lazy<Task<byte[]>> Initial = new(CaptureAsync);

    public static readonly QuicFault[] Faults = Enum.GetValues<QuicFault>();

    /// <summary>Completes when everything is sent, or when both ends know of the end.</summary>
    public static async Task RunAsync(IPEndPoint server, QuicFault fault)
    {
        if (fault >= QuicFault.WrongProtocol)
        {
            await RunClientAsync(server, fault);
            return;
        }

        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(Source, 0));
        await socket.ConnectAsync(server);
        await socket.SendAsync(await FirstDatagramAsync(fault));
        if (fault == QuicFault.StopsMidway && await AnswerAsync(socket) is { Length: > DestinationOffset } answer)
        {
            await socket.SendAsync(UnreadableHandshake(answer));
        }
    }

    private static async Task RunClientAsync(IPEndPoint server, QuicFault fault)
    {
        var tls = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = (_, _, _, _) => fault != QuicFault.AbortsHandshake,
        };
        try
        {
            await using var connection = await QuicDialer.ConnectAsync(tls, server, protocol: fault == QuicFault.WrongProtocol ? "h3" : "mqtt");
            await connection.CloseAsync(0);
        }
        catch (AuthenticationException) when (fault != QuicFault.NoStream)
        {
            // expected: that is the fault
        }
    }

    private static async Task<byte[]> FirstDatagramAsync(QuicFault fault)
    {
        var initial = await Initial.Value;
        if (fault > QuicFault.BrokenInitial)
        {
            return initial;
        }

        var datagram = initial.ToArray();
        Random.Shared.NextBytes(datagram.AsSpan(fault == QuicFault.Garbage ? 0 : initial.Length / 2));
        return datagram;
    }

    private static async Task<byte[]> AnswerAsync(Socket socket)
    {
        using var timeout = new CancellationTokenSource(AnswerTimeout);
        var buffer = new byte[LargestDatagram];
        try
        {
            return buffer[..await socket.ReceiveAsync(buffer, timeout.Token)];
        }
        catch (OperationCanceledException)
        {
            return []; // expected: see AnswerTimeout
        }
    }

    /// <summary>To the connection id that the server has chosen: its packet's source.</summary>
    private static byte[] UnreadableHandshake(byte[] answer)
    {
        var source = DestinationOffset + answer[DestinationOffset - 1];
        var id = answer[(source + 1)..(source + 1 + answer[source])];
        var noise = new byte[64];
        Random.Shared.NextBytes(noise);
        return [HandshakePacket, .. answer[1..5], (byte)id.Length, .. id, 0, 0x40, (byte)noise.Length, .. noise];
    }

    // What System.Net.Quic sends first; there is no server, so it gets no further.
    private static async Task<byte[]> CaptureAsync()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var enough = new CancellationTokenSource();
        var endPoint = server.LocalEndPoint as IPEndPoint ?? throw new InvalidOperationException("The socket is not bound.");
        var connecting = QuicDialer.ConnectAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, endPoint, stopping: enough.Token);
        var datagram = new byte[LargestDatagram];
        var length = await server.ReceiveAsync(datagram).OrStuck("the first datagram");
        await enough.CancelAsync();
        _ = connecting.ContinueWith(static gone => gone.Exception, TaskScheduler.Default); // it takes seconds to give up, and its end does not matter
        return datagram[..length];
    }
}
