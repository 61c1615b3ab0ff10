using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// The Packet Identifiers of a client's QoS 2 publications between PUBLISH and PUBREL. Each call takes the gate of its part of the session.
/// MQTT 5 §4.3.3.
/// </summary>
internal sealed class InboundQoS2(Lock gate)
{
    /// <summary>The queues have it and are not to get it again; whether it was retained is not known.</summary>
    private static readonly Entry HalfKnown = new(false, true, Task.FromResult(SessionResult.Ok), Task.FromResult(SessionResult.Ok));

    /// <summary>Whether the queues have got it, only the store knows, which takes it once.</summary>
    private static readonly Entry Uncertain = new(false, false, null, null, IsUncertain: true);

    private Dictionary<ushort, Entry>? _open; // null while there was none yet
    private int _count;
    private bool _isInStore;

    /// <summary>Those of the current connection: they count against the Receive Maximum, which starts anew with each. [MQTT-4.9.0-1]</summary>
    public int Count => _count;

    /// <summary>All that are open; not those whose first PUBLISH no queue has taken: its repetition is a new one.</summary>
    public ushort[] Identifiers => Select(static entry => entry.IsKnown);

    /// <summary>Those of which only the store knows whether it has noted them.</summary>
    public ushort[] UncertainIdentifiers => Select(static entry => entry.MayBeQueued);

    /// <summary>
    /// Notes a PUBLISH; false when it is a repetition, which must not be delivered again. <paramref name="promise"/> is then what the first
    /// one waits for, if anything, and <paramref name="isHalfKnown"/> says that it has still to be retained. [MQTT-4.3.3-10]
    /// </summary>
    public bool TryAccept(ushort identifier, out Task<SessionResult>? promise, out bool isHalfKnown)
    {
        lock (gate)
        {
            _open ??= [];
            var known = _open.TryGetValue(identifier, out var entry) && entry != Uncertain;
            isHalfKnown = entry.IsHalfKnown;
            _count += entry.IsOfThisConnection ? 0 : 1;
            _open[identifier] = entry with { IsOfThisConnection = true };
            promise = entry.Promise;
            return !known;
        }
    }

    /// <summary>What has to be kept before the PUBLISH may be acknowledged.</summary>
    /// <param name="identifier">Of the PUBLISH.</param>
    /// <param name="promise">What its PUBREC waits for.</param>
    /// <param name="queued">The part of it that goes to queues in the store; null: none does.</param>
    public void Promise(ushort identifier, Task<SessionResult> promise, Task<SessionResult>? queued)
    {
        lock (gate)
        {
            if (_open is not null && _open.TryGetValue(identifier, out var entry))
            {
                _open[identifier] = entry with { Promise = promise, Queued = queued ?? entry.Queued, IsHalfKnown = false };
            }
        }
    }

    /// <summary>
    /// The promise of a PUBLISH was not kept. A client that is told so may use the identifier for another message at once [MQTT-4.3.3-9], so a
    /// refusal says that no queue has this one; where one has it, or that is not known, only the repetition by the next connection can be
    /// answered.
    /// </summary>
    /// <param name="identifier">Of the PUBLISH.</param>
    /// <param name="result">What became of the promise.</param>
    /// <param name="canRefuse">The client's version has refusals.</param>
    public QoS2Failure Fail(ushort identifier, SessionResult result, bool canRefuse)
    {
        lock (gate)
        {
            if (_isInStore)
            {
                return QoS2Failure.Unanswered;
            }

            var isSaid = result is SessionResult.Full or SessionResult.Quota;
            if (_open is null || !_open.TryGetValue(identifier, out var entry))
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
    }

    /// <summary>Whether the publication counts against the Receive Maximum already.</summary>
    public bool IsCounted(ushort identifier)
    {
        lock (gate)
        {
            return _open is not null && _open.TryGetValue(identifier, out var entry) && entry.IsOfThisConnection;
        }
    }

    /// <summary>
    /// PUBREL: the identifier is free; false when it was not in use. <paramref name="isStored"/>: the store may have noted it.
    /// </summary>
    public bool Release(ushort identifier, out bool isStored)
    {
        lock (gate)
        {
            var entry = default(Entry);
            var known = _open is not null && _open.Remove(identifier, out entry);
            isStored = entry.Promise is not null || entry.IsUncertain;
            _count -= entry.IsOfThisConnection ? 1 : 0;
            return known;
        }
    }

    /// <summary>Completes when what the client's publications wait for is decided. Never fails.</summary>
    public Task PromisesAsync()
    {
        lock (gate)
        {
            return _open is null ? Task.CompletedTask : Task.WhenAll(_open.Values.Select(entry => entry.Promise ?? Task.CompletedTask));
        }
    }

    /// <summary>Another connection has the session.</summary>
    public void BeginConnection()
    {
        lock (gate)
        {
            foreach (var identifier in _open?.Keys.ToArray() ?? [])
            {
                _open![identifier] = _open[identifier] with { IsOfThisConnection = false }; // it has keys
            }

            (_count, _isInStore) = (0, false);
        }
    }

    /// <summary>The session goes to the store, with the identifiers; what is decided from now on has no connection to be answered on.</summary>
    public void GoToStore()
    {
        lock (gate)
        {
            (_open, _count, _isInStore) = (null, 0, true);
        }
    }

    /// <summary>The session comes from the store, with these identifiers.</summary>
    public void Restore(ushort[] identifiers)
    {
        lock (gate)
        {
            _count = 0;
            _open = identifiers.Length == 0 ? null : identifiers.ToDictionary(static identifier => identifier, static _ => HalfKnown);
        }
    }

    private ushort[] Select(Func<Entry, bool> condition)
    {
        lock (gate)
        {
            return _open is null ? [] : [.. _open.Where(pair => condition(pair.Value)).Select(pair => pair.Key)];
        }
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
