namespace GrainMQ.Grains.LogStore;

/// <summary>The disk, or the quota of the broker's user, has no space left.</summary>
public sealed class DiskFullException(string message, Exception? inner = null) : IOException(message, inner);
