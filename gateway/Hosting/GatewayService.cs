using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting;

/// <summary>Opens the listeners when the gateway is ready and ends them in order when it stops.</summary>
internal sealed partial class GatewayService : IHostedService
{
    /// <summary>Part of the shutdown's 5 seconds in which queued bytes are still sent to clients.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(4);

    private readonly GatewayOptions _options;
    private readonly ListenerFactory _factory;
    private readonly IConnectionHandler _handler;
    private readonly GrainLink _grains;
    private readonly RetainedMessages _retained;
    private readonly TimeProvider _time;
    private readonly ILogger<GatewayService> _logger;
    private readonly List<Listener> _listeners = [];
    private bool _hasStarted;

    public GatewayService(
        GatewayOptions options, ListenerFactory factory, IConnectionHandler handler, GrainLink grains, RetainedMessages retained,
        TimeProvider time, ILogger<GatewayService> logger)
    {
        (_options, _factory, _handler, _grains, _retained, _time, _logger) = (options, factory, handler, grains, retained, time, logger);
    }

    /// <summary>The open listeners with their real addresses; empty before the start and after the stop.</summary>
    public IReadOnlyList<Listener> Listeners => _listeners;

    /// <exception cref="StartupException">An address is taken or a certificate cannot be used; no listener stays open.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _grains.StartAsync().WaitAsync(cancellationToken); // listeners open when every durable session is routed to
            foreach (var options in _options.Listeners)
            {
                _listeners.Add(_factory.Create(options));
            }

            foreach (var listener in _listeners)
            {
                await listener.OpenAsync(); // all of them before one serves: a start that fails has served no client
            }

            foreach (var listener in _listeners)
            {
                await listener.StartAsync();
                LogListening(_logger, listener.Name, listener.Kind, listener.EndPoint);
            }
        }
        catch
        {
            await CloseListenersAsync();
            await _grains.DisposeAsync();
            throw;
        }
        _hasStarted = true;
        if (_options.Security is { IsAnonymousAllowed: false, PasswordFile: null })
        {
            LogNoClientCanConnect(_logger);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_hasStarted)
        {
            return;
        }

        LogStopping(_logger);
        foreach (var listener in _listeners)
        {
            await listener.StopAcceptingAsync();
        }

        using (var timeout = new CancellationTokenSource(DrainTimeout, _time))
        using (var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken))
        {
            await _handler.DrainAsync(ended.Token);
            await Task.WhenAny(_retained.IdleAsync(), Task.Delay(Timeout.InfiniteTimeSpan, ended.Token)); // a silo that stops breaks calls that wait
        }

        await CloseListenersAsync();
        await _grains.DisposeAsync();
        LogStopped(_logger);
    }

    private async Task CloseListenersAsync()
    {
        foreach (var listener in _listeners)
        {
            await listener.DisposeAsync();
        }

        _listeners.Clear();
    }
}
