using GrainMQ.Gateway.Transports;

namespace GrainMQ.Gateway.Connections;

/// <summary>What listeners hand accepted connections to: the one protocol layer behind every transport.</summary>
public interface IConnectionHandler
{
    /// <summary>
    /// Serves one connection until it has ended; owns <paramref name="transport"/> from the call on and disposes it.
    /// Never throws: what ends a connection is told to the client and to the log, not to the listener.
    /// </summary>
    Task HandleAsync(Transport transport);

    /// <summary>
    /// Ends every connection in order: DISCONNECT 0x8B (Server shutting down) to MQTT 5 clients, queued bytes flushed, then closed.
    /// Listeners have stopped accepting before it is called. When <paramref name="cancellationToken"/> fires, the rest is aborted.
    /// </summary>
    Task DrainAsync(CancellationToken cancellationToken);
}
