namespace GrainMQ.Gateway.Sessions;

internal enum SessionPhase : byte
{
    /// <summary>CONNECT is being answered: deliveries wait here, behind what the store still holds.</summary>
    Opening,
    Connected,
    /// <summary>Durable, without a connection: only QoS 1 and 2 matter, and they are in the store's queue.</summary>
    Offline,
    Ended,
    /// <summary>Of a data stream that has ended: the session takes what still comes.</summary>
    Folded,
}
