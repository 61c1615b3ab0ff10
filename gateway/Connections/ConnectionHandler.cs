using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports;

namespace GrainMQ.Gateway.Connections;

/// <summary>Turns accepted transports into connections, and ends them all when the gateway stops.</summary>
internal sealed class ConnectionHandler(ConnectionEnvironment environment, ConnectionRegistry connections) : IConnectionHandler
{
    private volatile bool _isDraining;

    public async Task HandleAsync(Transport transport)
    {
        var connection = new Connection(connections.NextId(), transport, environment);
        connections.Add(connection);
        try
        {
            if (_isDraining)
            {
                connection.Close(CloseCause.ServerShutdown);
            }

            await connection.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            connections.Remove(connection);
        }
    }

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        _isDraining = true;
        foreach (var connection in connections.All)
        {
            connection.Close(CloseCause.ServerShutdown, ReasonCode.ServerShuttingDown);
        }

        try
        {
            await Task.WhenAll(connections.All.Select(connection => connection.Ended)).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            foreach (var connection in connections.All)
            {
                connection.Transport.Abort(); // it had its time
            }
        }
    }
}
