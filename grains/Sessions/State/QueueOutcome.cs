using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>What a batch of messages has changed.</summary>
/// <param name="Change">The change for the journal.</param>
/// <param name="Messages">The messages that it brings to the journal, in order.</param>
/// <param name="Reply">The answer, once the change is committed.</param>
/// <param name="Unread">Connected sessions with something in their queue that their own gateway has not sent.</param>
internal sealed record QueueOutcome(
    Queued Change, StoredMessage[] Messages, QueueReply Reply, IReadOnlyCollection<(GatewayRef Gateway, string Key)> Unread);
