using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Transports;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace GrainMQ.Tests.Benchmarks;

/// <summary>Does TCP on our own accept loop cost less per round trip than on Kestrel's connection handler?</summary>
[MemoryDiagnoser]
public class ListenerBenchmark
{
    private readonly byte[] _bytes = new byte[64];
    private SocketListener? _listener;
    private KestrelServer? _kestrel;
    private Socket? _overSocket;
    private Socket? _overKestrel;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var options = new ListenerOptions { Name = "tcp", Address = "127.0.0.1:0" };
        _listener = new SocketListener(options, null, null, new Echo().HandleAsync, TimeProvider.System, NullLogger<SocketListener>.Instance);
        await _listener.OpenAsync();
        await _listener.StartAsync();
        _overSocket = await ConnectAsync(_listener.EndPoint);
        _overKestrel = await ConnectAsync(await StartKestrelAsync());
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        _overSocket?.Dispose();
        _overKestrel?.Dispose();
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }

        if (_kestrel is not null)
        {
            await _kestrel.StopAsync(CancellationToken.None);
        }
    }

    [Benchmark(Baseline = true)]
    public Task<int> Socket() => RoundTripAsync(_overSocket ?? throw new InvalidOperationException("Not set up."));

    [Benchmark]
    public Task<int> Kestrel() => RoundTripAsync(_overKestrel ?? throw new InvalidOperationException("Not set up."));

    private async Task<int> RoundTripAsync(Socket client)
    {
        await client.SendAsync(_bytes);
        return await client.ReceiveAsync(_bytes);
    }

    private async Task<IPEndPoint> StartKestrelAsync()
    {
        var bound = new IPEndPoint(IPAddress.Loopback, 0);
        var sockets = new SocketTransportOptions
        {
            CreateBoundListenSocket = endPoint =>
            {
                var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
                bound = (IPEndPoint?)socket.LocalEndPoint ?? bound;
                return socket;
            },
        };
        var kestrel = new KestrelServerOptions { ApplicationServices = new ServiceCollection().AddLogging().BuildServiceProvider() };
        kestrel.Listen(bound, listen => listen.Run(connection => KestrelTransport.ServeAsync(connection, new Echo())));
        var loggers = NullLoggerFactory.Instance;
        _kestrel = new KestrelServer(Options.Create(kestrel), new SocketTransportFactory(Options.Create(sockets), loggers), loggers);
        await _kestrel.StartAsync(new WebSocketEndpoint(new() { Name = "none" }, new Echo().HandleAsync, TimeProvider.System, loggers), CancellationToken.None);
        return bound;
    }

    private static async Task<Socket> ConnectAsync(EndPoint endPoint)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(endPoint);
        return client;
    }

    private sealed class Echo : IConnectionHandler
    {
        public async Task HandleAsync(Transport transport)
        {
            var buffer = new byte[4096];
            while (true)
            {
                await transport.ReadAsync(Memory<byte>.Empty);
                var read = await transport.ReadAsync(buffer);
                if (read == 0)
                {
                    break;
                }

                await transport.WriteAsync(buffer.AsMemory(0, read));
            }
            await transport.CloseAsync(TransportCloseStatus.Normal);
        }

        public Task DrainAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
