namespace GrainMQ.Tests.Testing.LogStore;

/// <summary>The simulated machine is off: the code that gets this exists no longer. Not an <see cref="IOException"/>, since no code may handle it.</summary>
public sealed class PowerLossException() : Exception("The power failed.");
