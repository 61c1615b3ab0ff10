using System.Net;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Accepts connections on one address and hands them to the connection handler.</summary>
public abstract class Listener(ListenerOptions options) : IAsyncDisposable
{
    public string Name => Configured.Name;

    public ListenerKind Kind => Configured.Kind;

    /// <summary>The address it is bound to, with the port that the system chose when 0 was asked for. Set by <see cref="StartAsync"/>.</summary>
    public abstract EndPoint EndPoint { get; }

    /// <summary>Binds and begins to accept. Throws <see cref="StartupException"/> when the address cannot be had.</summary>
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
