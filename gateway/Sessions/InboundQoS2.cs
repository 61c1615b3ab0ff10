using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>The identifiers of a client's QoS 2 publications between PUBLISH and PUBREL. Not safe for several threads. MQTT 5 §4.3.3.</summary>
internal sealed class InboundQoS2
{
    /// <summary>No queue is to get it again; whether it was retained, nobody knows.</summary>
    private static readonly Entry HalfKnown = new(false, true, Task.FromResult(SessionResult.Ok), Task.FromResult(SessionResult.Ok));

    /// <summary>Whether the queues have got it, only the store knows, which takes it once.</summary>
    private static readonly Entry Uncertain = new(false, false, null, null, IsUncertain: true);

    private readonly Dictionary<ushort, Entry> _open = [];

    /// <summary>Those of the current connection: they count against the Receive Maximum, which starts anew with each. [MQTT-4.9.0-1]</summary>
    public int Count { get; private set; }

    /// <summary>All that are open; not those whose first PUBLISH no queue has taken: its repetition is a new one.</summary>
    public ushort[] Identifiers => [.. _open.Where(pair => pair.Value.IsKnown).Select(pair => pair.Key)];

    /// <summary>Those of which the store alone knows whether it has noted them.</summary>
    public ushort[] UncertainIdentifiers => [.. _open.Where(pair => pair.Value.MayBeQueued).Select(pair => pair.Key)];

    public static InboundQoS2? Restore(ushort[] identifiers)
    {
        if (identifiers.Length == 0)
        {
            return null;
        }

        var restored = new InboundQoS2();
        foreach (var identifier in identifiers)
        {
            restored._open[identifier] = HalfKnown;
        }

        return restored;
    }

    /// <summary>Another connection has the session.</summary>
    public void BeginConnection()
    {
        foreach (var identifier in _open.Keys.ToArray())
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
        var known = _open.TryGetValue(identifier, out var entry) && entry != Uncertain;
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
            _open[identifier] = entry with { Promise = promise, Queued = queued ?? entry.Queued, IsHalfKnown = false };
        }
    }

    /// <summary>
    /// The promise of a PUBLISH was not kept. Who is told so may use the identifier for another message at once [MQTT-4.3.3-9], so a refusal
    /// says that no queue has this one; where one has it, or nobody knows, only the repetition by the next connection can be answered.
    /// </summary>
    /// <param name="identifier">Of the PUBLISH.</param>
    /// <param name="result">What became of the promise.</param>
    /// <param name="canRefuse">The client's version has refusals.</param>
    public QoS2Failure Fail(ushort identifier, SessionResult result, bool canRefuse)
    {
        var isSaid = result is SessionResult.Full or SessionResult.Quota;
        if (!_open.TryGetValue(identifier, out var entry))
        {
            return canRefuse && isSaid ? QoS2Failure.Refused : QoS2Failure.Unanswered; // so did the PUBLISH that this one repeats
        }

        if (entry.IsQueued && result == SessionResult.Quota)
        {
            return QoS2Failure.NotRetained;
        }

        Release(identifier, out _);
        var isForNoQueue = entry.Queued is null && !entry.IsUncertain;
        if (canRefuse && (isForNoQueue ? isSaid : entry.IsNotQueued))
        {
            return QoS2Failure.Refused;
        }

        if (!entry.IsNotQueued)
        {
            _open[identifier] = isForNoQueue || entry.IsQueued ? HalfKnown : Uncertain;
        }

        return QoS2Failure.Unanswered;
    }

    public Task PromisesAsync() => Task.WhenAll(_open.Values.Select(entry => entry.Promise ?? Task.CompletedTask));

    /// <summary>
    /// PUBREL: the identifier is free; false when it was not in use. <paramref name="isStored"/>: the store may
    /// have noted it.
    /// </summary>
    public bool Release(ushort identifier, out bool isStored)
    {
        var known = _open.Remove(identifier, out var entry);
        isStored = entry.Promise is not null || entry.IsUncertain;
        Count -= entry.IsOfThisConnection ? 1 : 0;
        return known;
    }

    private readonly record struct Entry(
        bool IsOfThisConnection, bool IsHalfKnown, Task<SessionResult>? Promise, Task<SessionResult>? Queued, bool IsUncertain = false)
    {
        public bool IsQueued => Queued is { IsCompletedSuccessfully: true, Result: SessionResult.Ok };

        public bool IsNotQueued => !IsUncertain && Queued is { IsCompletedSuccessfully: true, Result: SessionResult.Full or SessionResult.Quota };

        public bool MayBeQueued => !IsQueued && (IsUncertain || (HasFailed && Queued is not null && !IsNotQueued));

        public bool IsKnown => IsQueued || (!IsUncertain && !HasFailed);

        private bool HasFailed => Promise is { IsCompletedSuccessfully: true, Result: not SessionResult.Ok };
    }
}

/// <summary>What is to be done about a QoS 2 publication whose promise was not kept.</summary>
internal enum QoS2Failure : byte
{
    /// <summary>The client is told: no queue has it.</summary>
    Refused,

    /// <summary>The connection ends, and the client sends it again.</summary>
    Unanswered,

    /// <summary>All queues have it; that it was not retained is counted and logged. Sent again it would be refused again.</summary>
    NotRetained,
}
