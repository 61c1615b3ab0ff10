using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>What a session has for the connection that resumes it.</summary>
/// <param name="State">The state without the messages.</param>
/// <param name="Front">Deliveries that had begun, and messages that a connection handed back.</param>
/// <param name="Page">The first page of the others.</param>
internal sealed record SessionResume(SessionState State, List<QueueItem> Front, QueueSlice Page);
