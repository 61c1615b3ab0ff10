using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>A message and the queues that it went into.</summary>
internal sealed record QueuedMessage(MessageBody Body, QueuedTarget[] Targets);
