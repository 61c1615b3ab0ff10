using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace GrainMQ.Tests.Testing;

public enum HandshakeFault
{
    /// <summary>Random bytes, then the end.</summary>
    Garbage,

    /// <summary>Half of a ClientHello, then the end.</summary>
    Truncated,

    /// <summary>A ClientHello of TLS 1.1.</summary>
    OldVersion,

    /// <summary>A ClientHello, and a reset in the middle of the server's answer.</summary>
    Reset,

    /// <summary>A ClientHello, the whole answer of the server, and then what is no TLS record.</summary>
    GarbageAfterHello,

    /// <summary>A ClientHello and the end at once, with the server's answer unread.</summary>
    EndAfterHello,
}

/// <summary>Attempts at a TLS handshake that cannot succeed.</summary>
public static class BrokenHandshake
{
    /// <summary>Bytes before the client's version in a ClientHello: the record's header and the message's.</summary>
    private const int VersionOffset = 9;

    private static readonly Lazy<byte[]> Hello12 = new(() => Capture(SslProtocols.Tls12));
    private static readonly Lazy<byte[]> Hello13 = new(() => Capture(SslProtocols.Tls13));

    public static readonly HandshakeFault[] Faults = Enum.GetValues<HandshakeFault>();

    /// <summary>Completes when the server has ended the connection, or at once where the fault is to go away first.</summary>
    public static async Task RunAsync(EndPoint server, HandshakeFault fault)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(server);
            await RunAsync(socket, fault);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // expected: the server has ended it
        }
    }

    private static async Task RunAsync(Socket socket, HandshakeFault fault)
    {
        await socket.SendAsync(FirstBytes(fault));
        switch (fault)
        {
            case HandshakeFault.Garbage:
            case HandshakeFault.Truncated:
                socket.Shutdown(SocketShutdown.Send);
                break;
            case HandshakeFault.Reset:
                await socket.ReceiveAsync(new byte[64]);
                socket.Close(timeout: 0);
                return;
            case HandshakeFault.GarbageAfterHello:
                await socket.ReceiveAsync(new byte[16 * 1024]);
                await socket.SendAsync("this is no record of TLS"u8.ToArray());
                break;
            case HandshakeFault.EndAfterHello:
                return;
        }

        while (await socket.ReceiveAsync(new byte[4096]) > 0)
        {
        }
    }

    private static byte[] FirstBytes(HandshakeFault fault)
    {
        switch (fault)
        {
            case HandshakeFault.Garbage:
                var garbage = new byte[Random.Shared.Next(1, 512)];
                Random.Shared.NextBytes(garbage);
                return garbage;
            case HandshakeFault.Truncated:
                return Hello13.Value[..(Hello13.Value.Length / 2)];
            case HandshakeFault.OldVersion:
                var old = Hello12.Value.ToArray();
                old[VersionOffset + 1] = 2; // 3.2 is TLS 1.1
                return old;
            default:
                return Hello13.Value;
        }
    }

    // What SslStream writes first; there is no server, so it gets no further.
    private static byte[] Capture(SslProtocols version)
    {
        using var hello = new FirstWrite();
        using var client = new SslStream(hello);
        try
        {
            client.AuthenticateAsClient(new SslClientAuthenticationOptions { TargetHost = "localhost", EnabledSslProtocols = version });
        }
        catch (IOException)
        {
            // expected: the end instead of an answer
        }

        return hello.ToArray();
    }

    private sealed class FirstWrite : MemoryStream
    {
        public override int Read(Span<byte> buffer) => 0;

        public override int Read(byte[] buffer, int offset, int count) => 0;
    }
}
