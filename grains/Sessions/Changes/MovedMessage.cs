using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>A message that has a new place in the write-ahead log.</summary>
/// <param name="Body">The message at its new place.</param>
/// <param name="Key">One of the queues that it waits in; the others share it.</param>
/// <param name="Number">Its number in that queue.</param>
/// <param name="From">The place before.</param>
internal sealed record MovedMessage(MessageBody Body, string Key, long Number, long From);
