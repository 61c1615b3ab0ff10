namespace GrainMQ.Silo.Hosting;

/// <summary>The process cannot start. The message is one line for the operator: the cause, then the cure.</summary>
public sealed class StartupException(string message, Exception? cause = null) : Exception(message, cause);
