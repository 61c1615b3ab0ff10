namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>A queue that a message went into, and its number there.</summary>
internal readonly record struct QueuedTarget(string Key, long Number, byte Qos, bool Retain, uint[] SubscriptionIdentifiers, string? Share = null);
