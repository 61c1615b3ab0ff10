using System.Collections.Concurrent;
using Orleans.Serialization.Invocation;

namespace GrainMQ.Tests.Simulation;

/// <summary>
/// Remembers the contents of arguments and results. Orleans hands over what is marked immutable as it is: writing to it after the call
/// is writing into the state of another.
/// </summary>
internal sealed class CallWatch
{
    /// <summary>Holding everything until the end would be a leak in long tests: the oldest is verified and let go.</summary>
    private const int MaximumHeld = 20_000;

    private readonly ConcurrentQueue<Memory> _held = new();
    private readonly ConcurrentQueue<string> _changes = new();

    public void Sent(Call call)
    {
        for (var at = 0; at < call.Description.GetArgumentCount(); at++)
        {
            Hold(call.Description.GetArgument(at), call, at);
        }
    }

    /// <summary>The call has ended in the grain: from here on neither side may write to what it returned.</summary>
    public void Returned(Call call, Response response)
    {
        if (response.Exception is null)
        {
            Hold(response.Result, call, null);
        }
    }

    public void Verify()
    {
        while (_held.TryDequeue(out var memory))
        {
            Check(memory);
        }

        if (!_changes.IsEmpty)
        {
            throw new ChangedAfterCallException(string.Join(Environment.NewLine, _changes.Distinct()));
        }
    }

    private void Hold(object? value, Call call, int? argument)
    {
        if (value is null or string or (ValueType and not ReadOnlyMemory<byte> and not System.Memory<byte>))
        {
            return;
        }

        _held.Enqueue(new Memory(value, DeepHash.Of(value), call, argument));
        if (_held.Count > MaximumHeld && _held.TryDequeue(out var oldest))
        {
            Check(oldest);
        }
    }

    private void Check(Memory memory)
    {
        if (HashOf(memory.Value) != memory.Hash)
        {
            _changes.Enqueue($"Changed after the call: {memory}.");
        }
    }

    /// <summary>A collection that is changed while it is read is changed.</summary>
    private static ulong? HashOf(object value)
    {
        try
        {
            return DeepHash.Of(value);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private sealed record Memory(object Value, ulong Hash, Call Call, int? Argument)
    {
        public override string ToString() => Argument is null
            ? $"the result of {Call.Method} of {Call.Target}"
            : $"argument {Argument} of {Call.Method} to {Call.Target}";
    }
}
