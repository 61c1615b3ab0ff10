namespace GrainMQ.Tests.Conformance.Running;

/// <summary>The broker did something else than the row says; the message has the steps so far.</summary>
public sealed class RowFailedException : Exception
{
    public RowFailedException(string message) : base(message) { }

    public RowFailedException(string message, Exception inner) : base(message, inner) { }
}
