namespace GrainMQ.Tests.Simulation;

/// <summary>A seed of a search failed; the message says how to repeat it.</summary>
public sealed class SeedFailedException(string message, Exception cause) : Exception(message, cause);
