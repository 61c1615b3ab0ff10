namespace GrainMQ.Gateway.Routing;

/// <summary>
/// Who subscribes to one topic filter: what the trie finds. Read without a lock; written under its own. Subscribers stand in chunks,
/// so that one more subscriber of a popular filter copies one chunk and not the whole list.
/// </summary>
internal sealed class SubscriberSet(string filter, ShareStrategy strategy)
{
    private const int ChunkSize = 256;

    private readonly Lock _lock = new();
    private Subscription[][] _chunks = [];
    private SharedSubscription[] _shares = [];

    /// <summary>Set when the last subscriber left and the trie forgot the set: it must not be added to any more.</summary>
    private bool _isRetired;

    /// <summary>The topic filter without <c>$share/ShareName/</c>.</summary>
    public string Filter { get; } = filter;

    public Subscription[][] Chunks => Volatile.Read(ref _chunks);

    public SharedSubscription[] Shares => Volatile.Read(ref _shares);

    /// <summary>Adds or replaces a subscription; false when the set was retired meanwhile. <paramref name="previous"/> is what it replaced.</summary>
    public bool TryAdd(Subscription subscription, out Subscription? previous)
    {
        lock (_lock)
        {
            previous = null;
            if (_isRetired)
            {
                return false;
            }

            if (subscription.ShareName is { } shareName)
            {
                previous = Share(shareName).Add(subscription);
            }
            else
            {
                Volatile.Write(ref _chunks, With(subscription, out previous));
            }

            return true;
        }
    }

    /// <summary>Removes a subscription; true when nothing is left and the set is retired.</summary>
    public bool Remove(Subscription subscription)
    {
        lock (_lock)
        {
            if (subscription.Share is { } share)
            {
                share.Remove(subscription);
                if (share.IsEmpty)
                {
                    Volatile.Write(ref _shares, [.. _shares.Where(other => other != share)]);
                }
            }
            else
            {
                Volatile.Write(ref _chunks, Without(subscription));
            }

            _isRetired = _chunks.Length == 0 && _shares.Length == 0;
            return _isRetired;
        }
    }

    private SharedSubscription Share(string shareName)
    {
        var share = Array.Find(_shares, share => share.ShareName == shareName);
        if (share is null)
        {
            share = new SharedSubscription(shareName, Filter, strategy);
            Volatile.Write(ref _shares, [.. _shares, share]);
        }

        return share;
    }

    private Subscription[][] With(Subscription subscription, out Subscription? previous)
    {
        for (int i = 0; i < _chunks.Length; i++)
        {
            int at = Array.FindIndex(_chunks[i], other => other.Session == subscription.Session);
            if (at >= 0)
            {
                previous = _chunks[i][at];
                return Replace(i, [.. _chunks[i][..at], subscription, .. _chunks[i][(at + 1)..]]);
            }
        }

        previous = null;
        int last = _chunks.Length - 1;
        return last >= 0 && _chunks[last].Length < ChunkSize
            ? Replace(last, [.. _chunks[last], subscription])
            : [.. _chunks, [subscription]];
    }

    private Subscription[][] Without(Subscription subscription)
    {
        for (int i = 0; i < _chunks.Length; i++)
        {
            int at = Array.IndexOf(_chunks[i], subscription);
            if (at >= 0)
            {
                return _chunks[i].Length == 1
                    ? [.. _chunks[..i], .. _chunks[(i + 1)..]]
                    : Replace(i, [.. _chunks[i][..at], .. _chunks[i][(at + 1)..]]);
            }
        }

        return _chunks;
    }

    private Subscription[][] Replace(int index, Subscription[] chunk) => [.. _chunks[..index], chunk, .. _chunks[(index + 1)..]];
}
