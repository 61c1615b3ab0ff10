namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>The broker did what the oracle would not have done.</summary>
internal sealed class CrashModelException(string message) : Exception(message);
