namespace GrainMQ.Gateway.Routing;

/// <summary>
/// The subscribers of a filter that has several, or Shared Subscriptions. Subscribers stand in chunks, so that one more subscriber of a
/// popular filter copies one chunk and not the whole list.
/// </summary>
internal sealed class SubscriberSet : Subscribers
{
    private const int ChunkSize = 256;

    private static readonly SubscriberSet Empty = new([], []);

    private readonly SharedSubscription[] _shares;

    private SubscriberSet(Subscription[][] chunks, SharedSubscription[] shares)
    {
        Chunks = chunks;
        _shares = shares;
    }

    public Subscription[][] Chunks { get; }

    public override ReadOnlySpan<SharedSubscription> Shares => _shares;

    public static SubscriberSet Of(Subscribers? subscribers) => subscribers switch
    {
        SubscriberSet set => set,
        Subscription single => new SubscriberSet([[single]], []),
        _ => Empty,
    };

    public SubscriberSet With(Subscription subscription, Subscription? previous, ShareStrategy strategy)
    {
        if (subscription is SharedMember member)
        {
            return WithMember(member, previous as SharedMember, strategy);
        }

        if (previous is not null && Locate(previous) is (>= 0 and var chunk, var at))
        {
            Subscription[] replaced = [.. Chunks[chunk]];
            replaced[at] = subscription;
            return new SubscriberSet(Replace(chunk, replaced), _shares);
        }

        var last = Chunks.Length - 1;
        return new SubscriberSet(
            last >= 0 && Chunks[last].Length < ChunkSize ? Replace(last, [.. Chunks[last], subscription]) : [.. Chunks, [subscription]],
            _shares);
    }

    public Subscribers? Without(Subscription subscription)
    {
        var left = subscription is SharedMember member ? WithoutMember(member) : WithoutPlain(subscription);
        return left switch
        {
            { Chunks: [], _shares: [] } => null,
            { Chunks: [[var single]], _shares: [] } => single,
            _ => left,
        };
    }

    private SubscriberSet WithMember(SharedMember member, SharedMember? previous, ShareStrategy strategy)
    {
        var share = Array.Find(_shares, share => share.ShareName == member.ShareName);
        if (share is not null)
        {
            share.Add(member, previous);
            return this;
        }

        share = new SharedSubscription(member.ShareName, strategy);
        share.Add(member, previous: null);
        return new SubscriberSet(Chunks, [.. _shares, share]);
    }

    private SubscriberSet WithoutMember(SharedMember member)
    {
        var share = member.Share;
        share?.Remove(member);
        return share is { IsEmpty: true } ? new SubscriberSet(Chunks, Array.FindAll(_shares, other => other != share)) : this;
    }

    private SubscriberSet WithoutPlain(Subscription subscription)
    {
        var (chunk, at) = Locate(subscription);
        if (chunk < 0)
        {
            return this;
        }

        var left = Chunks[chunk];
        return new SubscriberSet(
            left.Length == 1
                ? [.. Chunks[..chunk], .. Chunks[(chunk + 1)..]]
                : Replace(chunk, [.. left[..at], .. left[(at + 1)..]]),
            _shares);
    }

    private (int Chunk, int At) Locate(Subscription subscription)
    {
        for (var chunk = 0; chunk < Chunks.Length; chunk++)
        {
            var at = Array.IndexOf(Chunks[chunk], subscription);
            if (at >= 0)
            {
                return (chunk, at);
            }
        }

        return (-1, -1);
    }

    private Subscription[][] Replace(int index, Subscription[] chunk)
    {
        Subscription[][] chunks = [.. Chunks];
        chunks[index] = chunk;
        return chunks;
    }
}
