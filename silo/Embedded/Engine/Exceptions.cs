namespace GrainMQ.Silo.Embedded;

/// <summary>The silo that ran the call, or should have run it, is gone. Whether the call took effect is unknown.</summary>
public sealed class SiloLostException(string grain) : Exception($"The silo of {grain} is lost.");

/// <summary>Too many calls wait for one activation. See <see cref="EmbeddedClusterOptions.MaximumQueueLength"/>.</summary>
public sealed class ActivationQueueFullException(string grain, int length)
    : Exception($"{length} calls wait for {grain}: refused (MaximumQueueLength).");

/// <summary>A call waits for itself by way of others. The message names them.</summary>
public sealed class CallCycleException(string message) : InvalidOperationException(message);

/// <summary>Something that was sent in a call was changed afterwards. Only in paranoid mode.</summary>
public sealed class ChangedAfterCallException(string message) : InvalidOperationException(message);
