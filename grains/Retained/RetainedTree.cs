using System.Diagnostics.CodeAnalysis;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Retained;

/// <summary>
/// Holds the retained messages of one shard in a tree of topic levels per tenant. A query costs what it visits: the literal levels of its filter
/// are looked up, only wildcards fan out, and a page continues where the last one ended.
/// </summary>
/// <param name="maxMessages">The most messages.</param>
/// <param name="maxBytes">The most bytes, counted by <see cref="Cost"/>.</param>
internal sealed class RetainedTree(int maxMessages, long maxBytes)
{
    /// <summary>The most messages of a page, whatever is asked for.</summary>
    private const int MaxPage = 10_000;

    /// <summary>The most nodes that a page visits. A filter like <c>+/+/x</c> may pass many and match none: then other calls get a turn.</summary>
    private const int MaxVisited = 50_000;

    private readonly Dictionary<string, LevelSet> _tenants = [];
    private readonly LevelNames _names = new();
    private readonly DueTimeHeap<Expiring> _expiry = new((item, dueAt) => item.Node.Entry?.ExpiresAt == dueAt);

    /// <summary>How many messages there are.</summary>
    public int Count { get; private set; }

    /// <summary>What they cost, by <see cref="Cost"/>.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes of a message's node, measured.</summary>
    public const long NodeBytes = 160;

    /// <summary>Returns the bytes that a message counts against the quota: body, topic as held in memory, and its node.</summary>
    public static long Cost(RetainEntry entry) => NodeBytes + (entry.Message?.Length ?? 0) + (2L * entry.Topic.Length);

    /// <summary>Sets or clears one topic; false if the message is over the quota, and the old one stays.</summary>
    public bool Set(string tenant, RetainEntry entry)
    {
        if (entry.Message is null || entry.Message.Length == 0)
        {
            Clear(tenant, entry.Topic);
            return true;
        }
        if (!Fits(tenant, entry))
        {
            return false;
        }

        var node = AddPath(tenant, entry.Topic);
        Replace(node, entry);
        if (entry.ExpiresAt != 0)
        {
            _expiry.Add(new Expiring(tenant, entry.Topic, node), entry.ExpiresAt);
        }

        return true;
    }

    public bool Contains(string tenant, string topic) => Find(tenant, topic)?.Entry is not null;

    /// <summary>Returns a page of the messages that match a filter and have not expired.</summary>
    public RetainPage Page(RetainQuery query, long now)
    {
        var page = new List<RetainEntry>();
        if (!_tenants.TryGetValue(query.Tenant, out var root))
        {
            return new RetainPage([], null);
        }

        var walk = new RetainedWalk(root, query.Filter, query.After);
        var bytes = 0L;
        for (var visited = 0; walk.TryNext(out var entry);)
        {
            if (entry is not null && !HasExpired(entry, now))
            {
                bytes += Cost(entry);
                if (page.Count > 0 && (page.Count >= Math.Clamp(query.MaxCount, 1, MaxPage) || bytes > query.MaxBytes))
                {
                    return new RetainPage([.. page], page[^1].Topic);
                }

                page.Add(entry);
            }
            if (++visited >= MaxVisited)
            {
                return new RetainPage([.. page], walk.Topic);
            }
        }
        return new RetainPage([.. page], null);
    }

    /// <summary>Removes messages whose Message Expiry Interval has passed. MQTT 5 §3.3.2.3.3</summary>
    public void Expire(long now)
    {
        while (_expiry.TryDequeue(now, out var due))
        {
            Clear(due.Tenant, due.Topic);
        }
    }

    /// <summary>Returns every message with its tenant, in no particular order.</summary>
    public IEnumerable<(string Tenant, RetainEntry Entry)> All()
    {
        foreach (var (tenant, root) in _tenants)
        {
            for (var walk = new RetainedWalk(root, "#", null, true); walk.TryNext(out var entry);)
            {
                if (entry is not null)
                {
                    yield return (tenant, entry);
                }
            }
        }
    }

    private static bool HasExpired(RetainEntry entry, long now) => entry.ExpiresAt != 0 && entry.ExpiresAt <= now;

    private bool Fits(string tenant, RetainEntry entry)
    {
        if (Count < maxMessages && Bytes + Cost(entry) <= maxBytes)
        {
            return true; // whether there is one before or not
        }

        var old = Find(tenant, entry.Topic)?.Entry;
        var count = Count + (old is null ? 1 : 0);
        return count <= maxMessages && Bytes + Cost(entry) - (old is null ? 0 : Cost(old)) <= maxBytes;
    }

    private TopicNode AddPath(string tenant, string topic)
    {
        if (!_tenants.TryGetValue(tenant, out var set))
        {
            _tenants.Add(tenant, set = new LevelSet());
        }

        TopicNode? node = null;
        foreach (var level in topic.AsSpan().Split('/'))
        {
            set ??= node!.Children ??= new LevelSet(); // no set: there was a level before
            node = set.GetOrAdd(topic.AsSpan()[level], _names);
            set = null;
        }
        return node!; // a split has at least one part
    }

    /// <summary>Removes a topic's message and the nodes that have become empty.</summary>
    private void Clear(string tenant, string topic)
    {
        if (!TryFind(tenant, topic, out var path))
        {
            return;
        }

        Replace(path[^1], null);
        for (var at = path.Count - 1; at >= 0 && path[at].IsEmpty; at--)
        {
            RemoveChild(tenant, at > 0 ? path[at - 1] : null, path[at].Level);
        }
    }

    private void RemoveChild(string tenant, TopicNode? parent, string level)
    {
        var set = parent?.Children ?? _tenants[tenant];
        set.Remove(level);
        if (!set.IsEmpty)
        {
            return;
        }

        if (parent is null)
        {
            _tenants.Remove(tenant);
        }
        else
        {
            parent.Children = null;
        }
    }

    private TopicNode? Find(string tenant, string topic)
    {
        var set = _tenants.GetValueOrDefault(tenant);
        TopicNode? node = null;
        foreach (var level in topic.AsSpan().Split('/'))
        {
            node = set?.Find(topic.AsSpan()[level]);
            set = node?.Children;
        }
        return node;
    }

    private bool TryFind(string tenant, string topic, [NotNullWhen(true)] out List<TopicNode>? path)
    {
        path = null;
        var set = _tenants.GetValueOrDefault(tenant);
        var found = new List<TopicNode>();
        foreach (var level in topic.AsSpan().Split('/'))
        {
            if (set?.Find(topic.AsSpan()[level]) is not { } node)
            {
                return false;
            }

            found.Add(node);
            set = node.Children;
        }
        path = found;
        return true;
    }

    private void Replace(TopicNode node, RetainEntry? entry)
    {
        var old = node.Entry;
        node.Entry = entry;
        Count += (entry is null ? 0 : 1) - (old is null ? 0 : 1);
        Bytes += (entry is null ? 0 : Cost(entry)) - (old is null ? 0 : Cost(old));
        if (old is { ExpiresAt: not 0 })
        {
            _expiry.Abandon();
        }
    }

    /// <summary>A message that expires. It holds the node and not the message, so that a replaced message is freed at once.</summary>
    private readonly record struct Expiring(string Tenant, string Topic, TopicNode Node);
}
