using System.Net;
using System.Net.Sockets;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Silo.Hosting;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>Listeners open together: a broker that cannot have one of its addresses has served no client on the others.</summary>
public sealed class ListenerStartTests
{
    [Theory]
    [InlineData(ListenerKind.Tcp)]
    [InlineData(ListenerKind.Ws)]
    public async Task BusyPortMeansThatNoListenerHasServed(ListenerKind kind)
    {
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        holder.Listen();
        var log = new RecordingLoggerProvider();

        var error = await Assert.ThrowsAsync<StartupException>(() => SocketGateway.StartAsync(
            configure: options => options.Listeners.Add(new() { Name = "busy", Kind = kind, Address = $"{holder.LocalEndPoint}" }),
            replace: services => services.AddSingleton<ILoggerProvider>(log)));

        Assert.Contains("another program uses this port", error.Message);
        Assert.DoesNotContain(log.Lines, static line => line.EventId == 1002); // none of those before it in the order said that it is open
    }

    [Theory]
    [InlineData(ListenerKind.Tcp)]
    [InlineData(ListenerKind.Ws)]
    [InlineData(ListenerKind.Unix)]
    public async Task ClientsThatComeBeforeTheStartWaitForIt(ListenerKind kind)
    {
        using var directory = new TemporaryDirectory();
        await using var harness = ListenerHarness.Create(
            new ListenerOptions { Name = "test", Kind = kind, Address = kind == ListenerKind.Unix ? directory.File("mqtt.sock") : "127.0.0.1:0" });
        await harness.Listener.OpenAsync();
        var endPoint = harness.Listener.EndPoint;
        using var client = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(endPoint);
        await client.SendAsync(kind == ListenerKind.Ws ? "GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray() : "hello"u8.ToArray());
        Assert.Equal(0, client.Available);

        await harness.Listener.StartAsync();

        Assert.NotEqual(0, await client.ReceiveAsync(new byte[5]).OrStuck("an answer"));
    }
}
