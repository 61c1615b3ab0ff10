using System.Net;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>One real listener on a free port of 127.0.0.1, serving the <see cref="EchoHandler"/>.</summary>
internal sealed class ListenerHarness : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private ListenerHarness(ListenerOptions options, TlsOptions tls, TimeProvider time)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log).SetMinimumLevel(LogLevel.Debug));
        services.AddSingleton(time).AddSingleton(tls).AddSingleton(new QuicOptions()).AddSingleton(new ConnectionOptions());
        services.AddSingleton<IConnectionHandler>(Handler).AddSingleton<ListenerFactory>();
        _services = services.BuildServiceProvider();
        Listener = _services.GetRequiredService<ListenerFactory>().Create(options);
    }

    public EchoHandler Handler { get; } = new();

    public RecordingLoggerProvider Log { get; } = new();

    public Listener Listener { get; }

    public int Port => Listener.EndPoint is IPEndPoint bound ? bound.Port : 0;

    public static async Task<ListenerHarness> StartAsync(
        ListenerKind kind, TlsOptions? tls = null, TimeProvider? time = null, string address = "127.0.0.1:0") =>
        await StartAsync(new ListenerOptions { Name = "test", Kind = kind, Address = address }, tls, time);

    public static async Task<ListenerHarness> StartAsync(ListenerOptions options, TlsOptions? tls = null, TimeProvider? time = null)
    {
        var harness = Create(options, tls, time);
        await harness.Listener.OpenAsync();
        await harness.Listener.StartAsync();
        return harness;
    }

    /// <summary>The listener is not open yet.</summary>
    public static ListenerHarness Create(ListenerOptions options, TlsOptions? tls = null, TimeProvider? time = null) =>
        new(options, tls ?? new(), time ?? TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await Listener.DisposeAsync();
        await _services.DisposeAsync();
    }
}
