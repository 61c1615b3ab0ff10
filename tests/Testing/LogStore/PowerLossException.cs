namespace GrainMQ.Tests.Testing.LogStore;

/// <summary>The simulated machine is off: whoever gets this exists no longer. Not an <see cref="IOException"/>, for nobody may handle it.</summary>
public sealed class PowerLossException() : Exception("The power failed.");
