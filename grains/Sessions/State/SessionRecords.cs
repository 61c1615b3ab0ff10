using System.Diagnostics.CodeAnalysis;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>The sessions of one store shard by key, and the epochs that their connections get.</summary>
/// <param name="most">The most sessions that the shard takes.</param>
/// <param name="queues">The bounds of the sessions' queues.</param>
internal sealed class SessionRecords(long most, QueueBounds queues)
{
    private readonly Dictionary<string, SessionRecord> _byKey = [];

    public int Count => _byKey.Count;

    /// <summary>Whether there is no room for a new session.</summary>
    public bool IsFull => _byKey.Count >= most;

    /// <summary>The highest epoch of the shard.</summary>
    public ulong LastEpoch { get; private set; }

    /// <summary>The sessions as they are now.</summary>
    public SessionRecord[] All => [.. _byKey.Values];

    public SessionRecord? Find(string key) => _byKey.GetValueOrDefault(key);

    public bool TryFind(string key, [NotNullWhen(true)] out SessionRecord? record) => _byKey.TryGetValue(key, out record);

    /// <summary>Finds a session that the connection with this epoch holds.</summary>
    public bool TryFindHeld(string key, ulong epoch, [NotNullWhen(true)] out SessionRecord? record) =>
        _byKey.TryGetValue(key, out record) && record.IsHeldBy(epoch);

    /// <summary>Returns whether the journal keeps the session; false if there is none.</summary>
    public bool IsJournaled(string key) => _byKey.TryGetValue(key, out var record) && record.IsJournaled;

    public SessionInfo Info(string key)
    {
        if (!_byKey.TryGetValue(key, out var record))
        {
            return new SessionInfo(false, 0, null, 0, [], 0, false);
        }

        var queued = record.HasQueue ? record.Queue.Count : 0;
        return new SessionInfo(
            true, record.Epoch, record.IsAttached ? record.Owner : null, record.ExpirySeconds, record.Subscriptions.ToArray(),
            queued, !record.IsAttached && record.Will is not null);
    }

    /// <summary>Creates a session in place of the one with its key, if there is one.</summary>
    public SessionRecord Create(string key, ulong epoch, uint expirySeconds)
    {
        var record = new SessionRecord(key, epoch, expirySeconds, queues) { Since = epoch };
        _byKey[key] = record;
        ReachEpoch(epoch);
        return record;
    }

    /// <summary>Adds a session of a snapshot.</summary>
    public void Restore(SessionRecord record) => _byKey.Add(record.Key, record);

    public void Remove(SessionRecord record) => _byKey.Remove(record.Key);

    /// <summary>The sessions that a snapshot has, one after the other. Nothing may change while they are enumerated.</summary>
    public IEnumerable<SessionRecordSnapshot> Journaled() =>
        _byKey.Values.Where(record => record.IsJournaled).Select(SessionRecordSnapshot.Of);

    /// <summary>Returns an epoch above every epoch of the shard, and above those of a shard whose memory was lost: the clock leads, 16 bits count.</summary>
    public ulong NextEpoch(long now) => Math.Max(LastEpoch + 1, (ulong)now << 16);

    /// <summary>
    /// Lets epochs go on above the shard's: sessions that were not journaled had higher ones than the journal tells, and two activations can
    /// fall into one millisecond.
    /// </summary>
    public void RaiseEpochs(long shardEpoch) => ReachEpoch((ulong)shardEpoch << 16);

    /// <summary>Lets epochs go on above this one.</summary>
    public void ReachEpoch(ulong epoch) => LastEpoch = Math.Max(LastEpoch, epoch);
}
