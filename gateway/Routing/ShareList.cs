namespace GrainMQ.Gateway.Routing;

/// <summary>
/// The Shared Subscriptions of one filter: a list for those who publish, which is replaced with every change, and the names, which only the writer of
/// the trie reads and changes.
/// </summary>
internal sealed class ShareList
{
    public static readonly ShareList Empty = new(ChunkedList<SharedSubscription>.Empty, []);

    private readonly ChunkedList<SharedSubscription> _shares;
    private readonly Dictionary<string, int> _places; // handed on from each list to the next: the newest one is right

    private ShareList(ChunkedList<SharedSubscription> shares, Dictionary<string, int> places) => (_shares, _places) = (shares, places);

    public SharedSubscription[][] Chunks => _shares.Chunks;

    public int Count => _shares.Count;

    public SharedSubscription? Find(string shareName) => Count > 0 && _places.TryGetValue(shareName, out var place) ? _shares[place] : null;

    public ShareList Add(SharedSubscription share)
    {
        var places = Count == 0 ? new Dictionary<string, int>(StringComparer.Ordinal) : _places;
        places[share.ShareName] = Count;
        return new ShareList(_shares.Add(share), places);
    }

    public ShareList Remove(SharedSubscription share)
    {
        if (!_places.Remove(share.ShareName, out var place))
        {
            return this;
        }

        var last = _shares[Count - 1];
        if (last != share)
        {
            _places[last.ShareName] = place;
        }

        return new ShareList(_shares.RemoveAt(place), _places);
    }
}
