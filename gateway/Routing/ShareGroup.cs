namespace GrainMQ.Gateway.Routing;

/// <summary>
/// The members of one Shared Subscription, that is of one (ShareName, Topic Filter). Members that are not available are passed over, so
/// that an offline member swallows nothing. Choosing takes no lock and allocates nothing; changes copy the members.
/// </summary>
public sealed class ShareGroup<TMember>(ShareStrategy strategy) where TMember : class, IShareMember
{
    private readonly Lock _writing = new();
    private Membership _membership = Membership.Empty;
    private uint _turn;

    public int Count => Volatile.Read(ref _membership).Members.Length;

    /// <summary>False when it is a member already.</summary>
    public bool Add(TMember member)
    {
        lock (_writing)
        {
            if (Array.IndexOf(_membership.Members, member) >= 0)
            {
                return false;
            }

            Volatile.Write(ref _membership, _membership.With(member));
            return true;
        }
    }

    /// <summary>False when it was no member.</summary>
    public bool Remove(TMember member)
    {
        lock (_writing)
        {
            if (Array.IndexOf(_membership.Members, member) < 0)
            {
                return false;
            }

            Volatile.Write(ref _membership, _membership.Without(member));
            return true;
        }
    }

    /// <summary>Puts a member in the place of another, in one step. False when that one was no member.</summary>
    public bool Replace(TMember previous, TMember member)
    {
        lock (_writing)
        {
            if (Array.IndexOf(_membership.Members, previous) < 0)
            {
                return false;
            }

            Volatile.Write(ref _membership, _membership.With(previous, member));
            return true;
        }
    }

    /// <summary>
    /// The member that a message goes to now, or null when none is available: the caller then queues it for <see cref="PickAny"/>.
    /// </summary>
    /// <param name="publisherHash">Hash of the publisher's Client Identifier, uniform over 64 bits.</param>
    /// <param name="topicHash">Hash of the Topic Name, uniform over 64 bits.</param>
    public TMember? TryPick(ulong publisherHash, ulong topicHash)
    {
        var membership = Volatile.Read(ref _membership);
        var members = membership.Members;
        if (members.Length == 0)
        {
            return null;
        }

        return strategy == ShareStrategy.Sticky
            ? PickSticky(membership, publisherHash)
            : First(members, Start(members.Length, publisherHash, topicHash), static member => member.IsAvailable);
    }

    /// <summary>
    /// The member whose session queues the message while no member is available: one that is connected and only behind, else one that
    /// has to come back for it. Null when no member's session keeps messages.
    /// </summary>
    public TMember? PickAny(ulong publisherHash, ulong topicHash)
    {
        var members = Volatile.Read(ref _membership).Members;
        if (members.Length == 0)
        {
            return null;
        }

        var start = Start(members.Length, publisherHash, topicHash);
        return First(members, start, static member => member.IsConnected && member.CanQueue) ?? First(members, start, static member => member.CanQueue);
    }

    private TMember? PickSticky(Membership membership, ulong publisherHash)
    {
        ref var sticky = ref membership.StickyFor(publisherHash);
        if (Volatile.Read(ref sticky) is { IsAvailable: true } chosen)
        {
            return chosen;
        }

        var members = membership.Members;
        var member = First(members, NextTurn(members.Length), static member => member.IsAvailable);
        if (member is not null)
        {
            Volatile.Write(ref sticky, member);
        }

        return member;
    }

    private int Start(int count, ulong publisherHash, ulong topicHash) => strategy switch
    {
        ShareStrategy.Random => Random.Shared.Next(count),
        ShareStrategy.HashClientId or ShareStrategy.Sticky => (int)(publisherHash % (uint)count),
        ShareStrategy.HashTopic => (int)(topicHash % (uint)count),
        _ => NextTurn(count),
    };

    private int NextTurn(int count) => (int)(Interlocked.Increment(ref _turn) % (uint)count);

    private static TMember? First(TMember[] members, int start, Func<TMember, bool> wanted)
    {
        for (var i = 0; i < members.Length; i++)
        {
            var member = members[(start + i) % members.Length];
            if (wanted(member))
            {
                return member;
            }
        }

        return null;
    }

    /// <summary>
    /// One state of the group. Publishers share a bounded number of sticky places; what a publisher's thread writes into a state that was
    /// just replaced is lost, and costs that publisher one more choice.
    /// </summary>
    private sealed class Membership(TMember[] members, TMember?[] sticky)
    {
        private const int StickyPlaces = 256;

        public static readonly Membership Empty = new([], []);

        private TMember?[] _sticky = sticky;

        public TMember[] Members { get; } = members;

        public Membership With(TMember member) => new([.. Members, member], Volatile.Read(ref _sticky));

        public Membership With(TMember previous, TMember member) => new(
            Array.ConvertAll(Members, other => other == previous ? member : other),
            Array.ConvertAll(Volatile.Read(ref _sticky), other => other == previous ? member : other));

        public Membership Without(TMember member) => new(
            Array.FindAll(Members, other => other != member),
            Array.ConvertAll(Volatile.Read(ref _sticky), other => other == member ? null : other));

        /// <summary>The place of this publisher; places are made when the strategy is used for the first time.</summary>
        public ref TMember? StickyFor(ulong publisherHash)
        {
            var places = Volatile.Read(ref _sticky);
            if (places.Length == 0)
            {
                Volatile.Write(ref _sticky, places = new TMember?[StickyPlaces]);
            }

            return ref places[publisherHash % StickyPlaces];
        }
    }
}
