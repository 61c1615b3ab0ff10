using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>The end of a connection.</summary>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Key">The session's key.</param>
/// <param name="Epoch">The epoch of the connection.</param>
/// <param name="ExpirySeconds">The Session Expiry Interval that counts from now.</param>
/// <param name="Will">What happens to the connection's will.</param>
/// <param name="Done">Numbers whose delivery has ended, as pairs of first and last.</param>
/// <param name="Begun">Deliveries of the queue that had begun.</param>
/// <param name="Handed">Messages that only the connection had, with the numbers that they got.</param>
/// <param name="InboundQos2">Packet identifiers of the client's QoS 2 publications between PUBLISH and PUBREL.</param>
/// <param name="Dropped">Numbers that were dropped to make room for the handed messages.</param>
internal sealed record Detached(
    long At, string Key, ulong Epoch, uint ExpirySeconds, WillAction Will, long[] Done, StartedDelivery[] Begun, HandedMessage[] Handed,
    ushort[] InboundQos2, long[] Dropped) : SessionChange(At)
{
    public override long Cost => base.Cost + Handed.Sum(message => QueueItem.Overhead + (long)message.Body.Length);
}
