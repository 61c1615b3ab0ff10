using System.Collections.Concurrent;

namespace GrainMQ.Silo.Embedded;

/// <summary>
/// Remembers the contents of arguments and results. A cluster copies them, the engine does not: whoever writes to one after the call writes
/// into somebody else's state.
/// </summary>
internal sealed class CallWatch
{
    // Holding everything until the end would be a leak in long tests: the oldest is verified and let go.
    private const int MaximumHeld = 20_000;

    private readonly ConcurrentQueue<Memory> _held = new();
    private readonly ConcurrentQueue<string> _changes = new();

    public void Sent(GrainCall call)
    {
        foreach (var field in ProxyBuilder.ArgumentsOf(call.GetType()))
        {
            if (field.GetValue(call) is { } argument) Hold(argument, $"argument {field.Name[1..]} of {call.Name} to {call.Target}");
        }
    }

    /// <summary>The call has ended in the grain: from here on neither side may write to what it returned.</summary>
    public void Returned(GrainCall call, Task task)
    {
        if (task.IsCompletedSuccessfully && task.GetType().GetProperty(nameof(Task<>.Result))?.GetValue(task) is { } result)
            Hold(result, $"the result of {call.Name} of {call.Target}");
    }

    public void Verify()
    {
        while (_held.TryDequeue(out var memory)) Check(memory);
        if (!_changes.IsEmpty) throw new ChangedAfterCallException(string.Join(Environment.NewLine, _changes.Distinct()));
    }

    private void Hold(object value, string what)
    {
        if (value is ValueType and not ReadOnlyMemory<byte> and not System.Memory<byte> || value is string) return;
        _held.Enqueue(new Memory(value, DeepHash.Of(value), what));
        if (_held.Count > MaximumHeld && _held.TryDequeue(out var oldest)) Check(oldest);
    }

    private void Check(Memory memory)
    {
        if (HashOf(memory.Value) != memory.Hash) _changes.Enqueue($"Changed after the call: {memory.What}.");
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

    private sealed record Memory(object Value, ulong Hash, string What);
}
