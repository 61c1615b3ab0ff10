using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Routing;

/// <summary>A session's membership in a Shared Subscription.</summary>
internal sealed class SharedMember(ISubscriber subscriber, SubscribeEntry entry, uint identifier, string shareName)
    : Subscription(subscriber, entry, identifier), IShareMember
{
    private SharedSubscription? _share;

    public string ShareName { get; } = shareName;

    public override SharedSubscription? Share => _share;

    /// <summary>A member that is offline or behind is passed over while another one can take the message.</summary>
    public bool IsAvailable => Subscriber.CanTakeNow;

    public bool IsConnected => Subscriber.IsConnected;

    public bool CanQueue => !Subscriber.HasEnded;

    public void Join(SharedSubscription share) => _share = share;

    public override string FilterOf(string matched) => $"$share/{ShareName}/{matched}";
}
