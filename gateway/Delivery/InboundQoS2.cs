using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Delivery;

/// <summary>The identifiers of a client's QoS 2 publications between PUBLISH and PUBREL. Not safe for several threads. MQTT 5 §4.3.3.</summary>
internal sealed class InboundQoS2
{
    private readonly Dictionary<ushort, Entry> _open = [];

    /// <summary>Those of the current connection: they count against the Receive Maximum, which starts anew with each. [MQTT-4.9.0-1]</summary>
    public int Count { get; private set; }

    /// <summary>All that are open; not those whose first PUBLISH failed: its repetition is a new one.</summary>
    public ushort[] Identifiers => [.. _open.Where(pair => !pair.Value.HasFailed).Select(pair => pair.Key)];

    public static InboundQoS2? Restore(ushort[] identifiers)
    {
        if (identifiers.Length == 0)
        {
            return null;
        }

        var restored = new InboundQoS2();
        foreach (ushort identifier in identifiers)
        {
            restored._open[identifier] = new Entry(false, Task.FromResult(SessionResult.Ok));
        }

        return restored;
    }

    /// <summary>Another connection has the session.</summary>
    public void BeginConnection()
    {
        foreach (ushort identifier in _open.Keys.ToArray())
        {
            _open[identifier] = _open[identifier] with { IsOfThisConnection = false };
        }

        Count = 0;
    }

    /// <summary>Whether the identifier would take one more place.</summary>
    public bool IsCounted(ushort identifier) => _open.TryGetValue(identifier, out var entry) && entry.IsOfThisConnection;

    /// <summary>Notes a PUBLISH; false when it is a repetition. <paramref name="promise"/> is then what the first one waits for, if anything.</summary>
    public bool TryAccept(ushort identifier, out Task<SessionResult>? promise)
    {
        bool known = _open.TryGetValue(identifier, out var entry);
        Count += entry.IsOfThisConnection ? 0 : 1;
        _open[identifier] = entry with { IsOfThisConnection = true };
        promise = entry.Promise;
        return !known;
    }

    /// <summary>What has to be kept before the PUBLISH may be acknowledged.</summary>
    public void Promise(ushort identifier, Task<SessionResult> promise)
    {
        if (_open.TryGetValue(identifier, out var entry))
        {
            _open[identifier] = entry with { Promise = promise };
        }
    }

    public Task PromisesAsync() => Task.WhenAll(_open.Values.Select(entry => entry.Promise ?? Task.CompletedTask));

    /// <summary>
    /// PUBREL, or a PUBREC that refuses: the identifier is free; false when it was not in use. <paramref name="isStored"/>: the store may
    /// have noted it.
    /// </summary>
    public bool Release(ushort identifier, out bool isStored)
    {
        bool known = _open.Remove(identifier, out var entry);
        isStored = entry.Promise is not null;
        Count -= entry.IsOfThisConnection ? 1 : 0;
        return known;
    }

    private readonly record struct Entry(bool IsOfThisConnection, Task<SessionResult>? Promise)
    {
        public bool HasFailed => Promise is { IsCompletedSuccessfully: true, Result: not SessionResult.Ok };
    }
}
