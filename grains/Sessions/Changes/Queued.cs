using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>
/// What a batch of messages did to the queues. The change holds the numbers, so that they stay right after a damage that has swallowed a
/// change before it.
/// </summary>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Producer">The gateway that sent the batch.</param>
/// <param name="Sequence">The batch's number.</param>
/// <param name="Count">How many messages full queues dropped or could not take, as the reply said.</param>
/// <param name="Messages">The messages that are in at least one queue now.</param>
/// <param name="Origins">QoS 2 publications that are noted now.</param>
/// <param name="Dropped">Messages that full queues dropped, and those that left the queues of ended sessions.</param>
internal sealed record Queued(
    long At, GatewayRef Producer, long Sequence, int Count, QueuedMessage[] Messages, MessageOrigin[] Origins, QueuePlace[] Dropped)
    : SessionChange(At)
{
    public override long Cost { get; } = 64 + Messages.Sum(message => 64L + message.Body.Length + (64L * message.Targets.Length));
}
