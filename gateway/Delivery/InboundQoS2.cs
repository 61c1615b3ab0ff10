using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Delivery;

/// <summary>The identifiers of a client's QoS 2 publications between PUBLISH and PUBREL. Not safe for several threads. MQTT 5 §4.3.3.</summary>
internal sealed class InboundQoS2
{
    /// <summary>The store has it in its queues; whether it was retained, nobody knows.</summary>
    private static readonly Entry HalfKnown = new(false, true, Task.FromResult(SessionResult.Ok), null);

    private readonly Dictionary<ushort, Entry> _open = [];

    /// <summary>Those of the current connection: they count against the Receive Maximum, which starts anew with each. [MQTT-4.9.0-1]</summary>
    public int Count { get; private set; }

    /// <summary>All that are open; not those whose first PUBLISH no queue has taken: its repetition is a new one.</summary>
    public ushort[] Identifiers => [.. _open.Where(pair => !pair.Value.HasFailed || pair.Value.IsQueued).Select(pair => pair.Key)];

    public static InboundQoS2? Restore(ushort[] identifiers)
    {
        if (identifiers.Length == 0)
        {
            return null;
        }

        var restored = new InboundQoS2();
        foreach (ushort identifier in identifiers)
        {
            restored._open[identifier] = HalfKnown;
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

    /// <summary>
    /// Notes a PUBLISH; false when it is a repetition. <paramref name="promise"/> is then what the first one waits for, if anything, and
    /// <paramref name="isHalfKnown"/> says that the store has it in its queues: whether it was retained, nobody knows.
    /// </summary>
    public bool TryAccept(ushort identifier, out Task<SessionResult>? promise, out bool isHalfKnown)
    {
        bool known = _open.TryGetValue(identifier, out var entry);
        isHalfKnown = entry.IsHalfKnown;
        Count += entry.IsOfThisConnection ? 0 : 1;
        _open[identifier] = entry with { IsOfThisConnection = true };
        promise = entry.Promise;
        return !known;
    }

    /// <summary>What has to be kept before the PUBLISH may be acknowledged.</summary>
    /// <param name="identifier">Of the PUBLISH.</param>
    /// <param name="promise">All of it.</param>
    /// <param name="queued">The part of the queues; null: there is none.</param>
    public void Promise(ushort identifier, Task<SessionResult> promise, Task<SessionResult>? queued)
    {
        if (_open.TryGetValue(identifier, out var entry))
        {
            _open[identifier] = entry with { Promise = promise, Queued = queued, IsHalfKnown = false };
        }
    }

    /// <summary>
    /// The PUBLISH cannot be acknowledged. Told so (MQTT 5), the client has its identifier back, and the result says whether the store may
    /// have noted it. Otherwise the client will repeat the PUBLISH, and what the queues have taken must not be taken again.
    /// </summary>
    public bool Refuse(ushort identifier, bool isTold)
    {
        if (!_open.TryGetValue(identifier, out var entry))
        {
            return false;
        }

        Release(identifier, out _);
        if (!isTold && entry.IsQueued)
        {
            _open[identifier] = HalfKnown;
        }

        return isTold && entry.Queued is { IsCompletedSuccessfully: true, Result: not (SessionResult.Full or SessionResult.Quota) };
    }

    public Task PromisesAsync() => Task.WhenAll(_open.Values.Select(entry => entry.Promise ?? Task.CompletedTask));

    /// <summary>
    /// PUBREL: the identifier is free; false when it was not in use. <paramref name="isStored"/>: the store may
    /// have noted it.
    /// </summary>
    public bool Release(ushort identifier, out bool isStored)
    {
        bool known = _open.Remove(identifier, out var entry);
        isStored = entry.Promise is not null;
        Count -= entry.IsOfThisConnection ? 1 : 0;
        return known;
    }

    private readonly record struct Entry(bool IsOfThisConnection, bool IsHalfKnown, Task<SessionResult>? Promise, Task<SessionResult>? Queued)
    {
        public bool IsQueued => Queued is { IsCompletedSuccessfully: true, Result: SessionResult.Ok };

        public bool HasFailed => Promise is { IsCompletedSuccessfully: true, Result: not SessionResult.Ok };
    }
}
