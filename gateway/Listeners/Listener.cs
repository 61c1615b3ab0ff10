using System.Net;
using GrainMQ.Gateway.Transports;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Serves one accepted connection until it has ended, and owns it from the call on. Never throws.</summary>
public delegate Task Serving(Transport transport);

/// <summary>Accepts connections on one address and hands them to the connection handler.</summary>
public abstract class Listener(ListenerOptions options) : IAsyncDisposable
{
    public string Name => Configured.Name;

    public ListenerKind Kind => Configured.Kind;

    /// <summary>The address it is bound to, with the port that the system chose when 0 was asked for. Set by <see cref="OpenAsync"/>.</summary>
    public abstract EndPoint EndPoint { get; }

    /// <summary>Takes the address. Clients that come wait until <see cref="StartAsync"/>.</summary>
    /// <exception cref="StartupException">The address cannot be had.</exception>
    public abstract Task OpenAsync();

    /// <summary>Begins to serve clients, those that wait first.</summary>
    public abstract Task StartAsync();

    /// <summary>Accepts no more; connections that were handed over go on.</summary>
    public abstract Task StopAcceptingAsync();

    public abstract ValueTask DisposeAsync();

    protected ListenerOptions Configured { get; } = options;

    /// <summary>The address as configured, or with the default port; port 0 asks for any.</summary>
    /// <exception cref="StartupException">It is none.</exception>
    protected IPEndPoint Address => ListenAddress.TryParse(Configured, out var address)
        ? address
        : throw new StartupException(ListenAddress.Fault(Configured));
}
