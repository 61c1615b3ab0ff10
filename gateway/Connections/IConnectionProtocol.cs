namespace GrainMQ.Gateway.Connections;

/// <summary>The protocol that is spoken over connections; one for all of them.</summary>
internal interface IConnectionProtocol
{
    /// <summary>
    /// Serves every whole packet in <paramref name="input"/>. Completes synchronously unless a packet, or the answer to one, has to be waited
    /// for; nothing more is read from the connection until it has completed. An exception is a fault of the server.
    /// </summary>
    ValueTask DispatchAsync(Connection connection, ReadBuffer input);

    /// <summary>The connection, or the data stream, is closed and everything is written: hands back what it held. Never throws.</summary>
    Task EndedAsync(Connection connection);
}
