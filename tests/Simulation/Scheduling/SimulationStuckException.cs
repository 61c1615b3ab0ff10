namespace GrainMQ.Tests.Simulation;

/// <summary>What a test waits for cannot come: nothing can run, and no timer would change that.</summary>
public sealed class SimulationStuckException() : InvalidOperationException("Stuck: nothing can run, and no timer is armed.");
