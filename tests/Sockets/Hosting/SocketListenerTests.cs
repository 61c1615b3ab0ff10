using System.Net;
using System.Net.Sockets;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Transports;
using GrainMQ.Silo.Hosting;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

public sealed class SocketListenerTests
{
    /// <summary>A client with Keep Alive 0 whose machine is gone says nothing for ever: the kernel has to ask.</summary>
    [Fact]
    public async Task KernelAsksSilentPeersWhetherTheyLive()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The timers of sockets are in /proc.");
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tcp);
        using var client = await ConnectAsync(harness);
        await harness.Handler.First.Task;

        var accepted = $":{((IPEndPoint)harness.Listener.EndPoint).Port:X4} {Hex(client.LocalEndPoint)} 01 ";
        var line = Assert.Single(await File.ReadAllLinesAsync("/proc/net/tcp", TestContext.Current.CancellationToken), line => line.Contains(accepted, StringComparison.Ordinal));
        Assert.Contains(" 02:", line, StringComparison.Ordinal); // the timer that runs is that of keep-alive

        static string Hex(EndPoint? endPoint) => endPoint is IPEndPoint ip
            ? $"{BitConverter.ToUInt32(ip.Address.GetAddressBytes()):X8}:{ip.Port:X4}" : throw new InvalidOperationException("It is connected.");
    }

    [Fact]
    public async Task BytesGoBothWaysInAnySize()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tcp);
        using var client = await ConnectAsync(harness);
        // Letters only: '!' and '*' are commands to the echo.
        var sent = Random.Shared.GetItems("abcdefgh"u8, 300_000);

        var sending = SendAsync(client, sent);
        var received = await ReceiveAsync(client, sent.Length);
        await sending;

        Assert.Equal(sent, received);
        var transport = await harness.Handler.First.Task;
        Assert.Equal(TransportKind.Tcp, transport.Kind);
        Assert.Equal("test", transport.Listener);
        Assert.Equal(client.LocalEndPoint, transport.RemoteEndPoint);

        static async Task SendAsync(Socket client, byte[] bytes)
        {
            for (var sent = 0; sent < bytes.Length;)
            {
                sent += await client.SendAsync(bytes.AsMemory(sent));
            }
        }
    }

    [Fact]
    public async Task LastBytesArriveAlthoughTheClientWentOnSending()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tcp);
        using var client = await ConnectAsync(harness);

        // Unread input at the time of the close is what makes a kernel answer with RST and drop the last word.
        await client.SendAsync("!"u8.ToArray());
        await client.SendAsync(new byte[64 * 1024]);
        var received = await ReceiveAsync(client, EchoHandler.LastWord.Length);

        Assert.Equal(EchoHandler.LastWord, received);
        Assert.Equal(0, await client.ReceiveAsync(new byte[1]));
    }

    [Fact]
    public async Task CloseWhileAReadIsPendingEndsBoth()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tcp);
        using var client = await ConnectAsync(harness);
        var transport = await harness.Handler.First.Task;

        var closing = transport.CloseAsync(TransportCloseStatus.Normal);
        Assert.Equal(0, await client.ReceiveAsync(new byte[1]));
        client.Dispose();

        await closing;
        await harness.Handler.FirstEnd.Task.OrStuck("the pending read");
    }

    [Fact]
    public async Task AbortResetsTheConnection()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tcp);
        using var client = await ConnectAsync(harness);

        await client.SendAsync("*"u8.ToArray());

        var error = await Assert.ThrowsAsync<SocketException>(async () => await client.ReceiveAsync(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task AbortFromElsewhereFailsThePendingRead()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tcp);
        using var client = await ConnectAsync(harness);
        var transport = await harness.Handler.First.Task;

        transport.Abort();
        transport.Abort();

        Assert.IsAssignableFrom<IOException>(await harness.Handler.FirstEnd.Task);
        await Assert.ThrowsAnyAsync<IOException>(async () => await transport.WriteAsync(new byte[1]));
        await transport.CloseAsync(TransportCloseStatus.Normal);
    }

    [Fact]
    public async Task ResetOfTheClientEndsTheReadWithAnIoException()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tcp);
        var client = await ConnectAsync(harness);
        await harness.Handler.First.Task;

        client.Close(timeout: 0);

        Assert.IsAssignableFrom<IOException>(await harness.Handler.FirstEnd.Task);
    }

    [Fact]
    public async Task EndOfTheClientEndsTheRead()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tcp);
        using var client = await ConnectAsync(harness);

        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(EchoHandler.LastWord, await ReceiveAsync(client, EchoHandler.LastWord.Length));
        Assert.Null(await harness.Handler.FirstEnd.Task);
    }

    [Fact]
    public async Task ConnectionsOutliveTheirListener()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tcp);
        using var client = await ConnectAsync(harness);
        await harness.Handler.First.Task;

        await harness.Listener.StopAcceptingAsync();

        await client.SendAsync("still here"u8.ToArray());
        Assert.Equal("still here"u8.ToArray(), await ReceiveAsync(client, 10));
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(harness));
    }

    [Fact]
    public async Task BusyPortNamesTheAddressAndTheOption()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tcp);

        var error = await Assert.ThrowsAsync<StartupException>(
            () => ListenerHarness.StartAsync(ListenerKind.Tcp, address: $"{harness.Listener.EndPoint}"));

        Assert.Contains($"{harness.Listener.EndPoint}", error.Message);
        Assert.Contains("another program uses this port", error.Message);
        Assert.Contains("--tcp ADDR:PORT (Listeners:test:Address)", error.Message);
    }

    [Fact]
    public async Task ForeignAddressIsExplained()
    {
        var error = await Assert.ThrowsAsync<StartupException>(
            () => ListenerHarness.StartAsync(ListenerKind.Tcp, address: "203.0.113.1:18833")); // a documentation address, which no host has

        Assert.Contains("this machine has no such address", error.Message);
    }

    [Theory]
    [InlineData("*:0")]
    [InlineData("[::]:0")]
    public async Task AnyAddressServesBothFamilies(string address)
    {
        if (!Socket.OSSupportsIPv6)
        {
            Assert.Skip("This machine has no IPv6.");
        }

        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tcp, address: address);
        foreach (var ip in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
        {
            using var client = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(ip, harness.Port);
            await client.SendAsync("hello"u8.ToArray());
            Assert.Equal("hello"u8.ToArray(), await ReceiveAsync(client, 5));
        }
        Assert.Equal(
            [IPAddress.Loopback, IPAddress.IPv6Loopback], harness.Handler.Accepted.Select(transport => (transport.RemoteEndPoint as IPEndPoint)?.Address));
    }

    internal static async Task<Socket> ConnectAsync(ListenerHarness harness)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, harness.Port);
        return client;
    }

    private static async Task<byte[]> ReceiveAsync(Socket client, int count)
    {
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            var more = await client.ReceiveAsync(bytes.AsMemory(read));
            Assert.NotEqual(0, more);
            read += more;
        }
        return bytes;
    }
}
