using Orleans.Concurrency;

namespace GrainMQ.Grains.Contracts;

/// <summary>
/// One client by its name, key <c>"{tenant}/{clientId}"</c>, for callers that know a client and no shards. A call activates it and idleness
/// collects it; it holds nothing that cannot be read again. Connections do without it: CONNECT, SUBSCRIBE, UNSUBSCRIBE, their ends and
/// wills are calls of <see cref="ISessionStoreGrain"/>. A gateway calls it after a null outbound frame only.
/// </summary>
[Alias("GrainMQ.ISessionGrain")]
public interface ISessionGrain : IGrainWithStringKey
{
    /// <summary>
    /// Ends the connection with this epoch, as <see cref="ISessionStoreGrain.DetachAsync"/> does. With <see cref="CloseRequest.Deactivate"/> the
    /// activation deactivates after the end is committed.
    /// </summary>
    [Alias("Close")] Task<SessionResult> CloseAsync(ulong epoch, CloseRequest request);

    /// <summary>
    /// Creates a session that queues before its client ever connected, or adds subscriptions to one that exists. Replies when every gateway
    /// routes to it. Busy: some gateway does not route to it yet, or the session would end with its connection; Quota: too many sessions or
    /// subscriptions.
    /// </summary>
    [Alias("Preset")] Task<SessionResult> PresetAsync(PresetRequest request);

    /// <summary>Returns what the store shard knows of the session. Throws while the shard is moving.</summary>
    [Alias("GetInfo"), AlwaysInterleave] Task<SessionInfo> GetInfoAsync();
}
