using GrainMQ.Gateway.Messages;

namespace GrainMQ.Gateway.Connections;

/// <summary>The session that a connection serves, as far as the connection has to do with it. Safe from any thread.</summary>
internal interface IConnectionSession
{
    /// <summary>The claim that the store granted for this connection; higher ones fence it.</summary>
    ulong Epoch { get; }

    /// <summary>Bytes that wait in the session for room in the connection's queue.</summary>
    long WaitingBytes { get; }

    /// <summary>The writer has drained the queue: moves into it what waits, as far as there is room.</summary>
    void RefillFor(Connection connection);

    /// <summary>A message expired while it waited to be written: as if it had never been sent. [MQTT-3.3.2-5]</summary>
    void Expire(Connection connection, in QueuedDelivery delivery);

    /// <summary>The part of the session that serves a data stream, which has just been opened.</summary>
    IConnectionSession OpenStream(Connection stream);

    /// <summary>The connection is closing. On a data stream, what comes from now on waits until this part is folded into the session.</summary>
    void OnClosing();
}
