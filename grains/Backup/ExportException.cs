namespace GrainMQ.Grains.Backup;

/// <summary>An export or import cannot be made. The message is one line for the operator: the cause, then the cure.</summary>
public sealed class ExportException(string message, Exception? cause = null) : Exception(message, cause);
