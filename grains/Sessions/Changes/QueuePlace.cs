namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>A message by its session's key and its number in the queue.</summary>
internal readonly record struct QueuePlace(string Key, long Number);
