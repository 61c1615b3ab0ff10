using System.Collections.Concurrent;

namespace GrainMQ.Gateway.Connections;

/// <summary>The open connections of this gateway.</summary>
internal sealed class ConnectionRegistry
{
    private readonly ConcurrentDictionary<long, Connection> _connections = [];
    private long _lastId;

    public ConnectionRegistry(GatewayMetrics metrics) =>
        metrics.Meter.CreateObservableGauge("mqtt_connections", () => Count, "{connection}", "Open connections");

    public int Count => _connections.Count;

    public IEnumerable<Connection> All => _connections.Values;

    public long NextId() => Interlocked.Increment(ref _lastId);

    public void Add(Connection connection) => _connections[connection.Id] = connection;

    public void Remove(Connection connection) => _connections.TryRemove(connection.Id, out _);
}
