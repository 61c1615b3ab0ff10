namespace GrainMQ.Tests.Simulation;

/// <summary>Something that was sent in a call was changed afterwards. Only in paranoid mode.</summary>
public sealed class ChangedAfterCallException(string message) : InvalidOperationException(message);
