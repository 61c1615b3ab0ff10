using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace GrainMQ.Silo;

/// <summary>
/// A silo that is the whole cluster and opens no port, so that brokers on one machine cannot meet. Orleans has no mode for that: it always binds
/// its silo port (0 is refused), through a connection listener factory under a key of its own. Each of those is replaced by one that listens to
/// nothing.
/// </summary>
internal static class LocalSilo
{
    /// <summary>Part of the silo's address; no socket is bound to it.</summary>
    private const int NoPort = 1;

    public static void Configure(ISiloBuilder silo)
    {
        silo.UseLocalhostClustering(siloPort: NoPort, gatewayPort: 0);
        var factories = silo.Services.Where(service => service.IsKeyedService && service.ServiceType == typeof(IConnectionListenerFactory)).ToArray();
        foreach (var factory in factories)
        {
            silo.Services.Remove(factory);
            silo.Services.Add(new ServiceDescriptor(typeof(IConnectionListenerFactory), factory.ServiceKey, new NoListenerFactory()));
        }
    }

    private sealed class NoListenerFactory : IConnectionListenerFactory
    {
        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(new NoListener(endpoint));
    }

    private sealed class NoListener(EndPoint endPoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endPoint;

        /// <summary>Waits until the silo stops, then returns null, which ends accepting.</summary>
        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(_unbound.Task.WaitAsync(cancellationToken));

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _unbound.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
