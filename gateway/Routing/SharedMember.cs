using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;

namespace GrainMQ.Gateway.Routing;

/// <summary>A session's part in a Shared Subscription.</summary>
internal sealed class SharedMember(SessionPart session, SubscribeEntry entry, uint identifier, string shareName)
    : Subscription(session, entry, identifier), IShareMember
{
    private SharedSubscription? _share;

    public string ShareName { get; } = shareName;

    public override SharedSubscription? Share => _share;

    /// <summary>A member that is offline or behind is passed over while another one can take the message.</summary>
    public bool IsAvailable => Session.CanTakeNow;

    public bool IsConnected => Session.Connection is not null;

    public bool CanQueue => Session.Phase != SessionPhase.Ended;

    public void Join(SharedSubscription share) => _share = share;

    public override string FilterOf(string matched) => $"$share/{ShareName}/{matched}";
}
