using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>A page of a queue, its messages still to be read.</summary>
/// <param name="Session">The session whose queue it is.</param>
/// <param name="Items">The messages in the order of their numbers.</param>
/// <param name="Last">As in <see cref="QueuePage"/>.</param>
/// <param name="HasMore">As in <see cref="QueuePage"/>.</param>
internal sealed record QueueSlice(SessionRecord Session, List<QueueItem> Items, long Last, bool HasMore);
