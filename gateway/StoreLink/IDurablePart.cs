using GrainMQ.Gateway.Messages;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>A durable session, or its part of a data stream, as the receiver of what the store has queued for it.</summary>
internal interface IDurablePart
{
    /// <summary>The grain key, <c>tenant/clientId</c>.</summary>
    string Key { get; }

    /// <summary>The client's session: this one, unless it is the part of a data stream.</summary>
    IDurableSession Main { get; }

    /// <summary>Takes a message that the store has committed under the next number, or under a later one.</summary>
    void DeliverStored(in QueuedDelivery delivery, Burst burst);

    /// <summary>Something was queued for the session under a number that is not known here: it reads its queue.</summary>
    void LookForStored();
}
