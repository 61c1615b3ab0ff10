using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>What the end of a connection has changed.</summary>
/// <param name="Change">The change for the journal.</param>
/// <param name="Messages">The messages that it brings to the journal, in order.</param>
internal sealed record DetachOutcome(Detached Change, StoredMessage[] Messages);
