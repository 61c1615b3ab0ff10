namespace GrainMQ.Tests.InMemory.Fuzz;

/// <summary>What a round found, with what led to it; the message names the file that has all of that.</summary>
internal sealed class FuzzFailure(string message, IEnumerable<string> trace, Exception cause) : Exception(message, cause)
{
    public IEnumerable<string> Trace { get; } = trace;
}
