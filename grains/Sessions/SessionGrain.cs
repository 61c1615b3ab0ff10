using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// One client, key <c>"{tenant}/{clientId}"</c>. Called by the gateways; persists nothing. It puts the calls for its client in order and
/// hands them to the store shard; what it remembers, the highest epoch it has seen, only saves a call that would be fenced.
/// </summary>
[CollectionAgeLimit(Minutes = 2)]
internal sealed partial class SessionGrain(IOptions<GrainOptions> options, ILogger<SessionGrain> logger) : Grain, ISessionGrain
{
    private ulong _epoch;

    private string Key => this.GetPrimaryKeyString();

    private ISessionStoreGrain Store => GrainFactory.GetGrain<ISessionStoreGrain>((long)StoreShard.Of(Key, options.Value.StoreShards));

    public async Task<OpenReply> OpenAsync(OpenRequest request)
    {
        var reply = await CallAsync(
            store => store.AttachAsync(Key, request), reply => reply.Result, SessionTable.Refused(SessionResult.Busy));
        _epoch = Math.Max(_epoch, reply.Epoch);
        return reply;
    }

    public Task<SessionResult> SubscribeAsync(ulong epoch, SubscriptionRecord[] subscriptions) =>
        FencedAsync(epoch, store => store.ApplyAsync(new SessionDelta(Key, epoch, subscriptions, [])));

    public Task<SessionResult> UnsubscribeAsync(ulong epoch, string[] filters) =>
        FencedAsync(epoch, store => store.ApplyAsync(new SessionDelta(Key, epoch, [], filters)));

    public async Task<SessionResult> CloseAsync(ulong epoch, CloseRequest request)
    {
        var result = await FencedAsync(epoch, store => store.DetachAsync(Key, epoch, request));
        // only once nothing can be lost any more, and not while a newer connection uses the activation
        if (request.Deactivate && result is SessionResult.Ok or SessionResult.NotFound)
            DeactivateOnIdle();
        return result;
    }

    public Task<SessionResult> CompleteWillAsync(ulong epoch) =>
        CallAsync(store => store.CompleteWorkAsync(new CompletedWork([WorkItem.IdOfWillSetOffBy(epoch)])), result => result, SessionResult.Busy);

    public Task<SessionResult> PresetAsync(PresetRequest request) =>
        CallAsync(store => store.PresetAsync(Key, request), result => result, SessionResult.Busy);

    public async Task<SessionInfo> GetInfoAsync()
    {
        var info = await TryCallAsync<SessionInfo?>(async store => await store.GetInfoAsync(Key), null);
        return info ?? await Store.GetInfoAsync(Key);
    }

    private Task<SessionResult> FencedAsync(ulong epoch, Func<ISessionStoreGrain, Task<SessionResult>> call) =>
        epoch < _epoch ? Task.FromResult(SessionResult.Fenced) : CallAsync(call, result => result, SessionResult.Busy);

    /// <summary>
    /// Calls the store shard, once more when it is moving or has just found its disk full, which it then knows how to live with; every call
    /// to it may be repeated.
    /// </summary>
    private async Task<T> CallAsync<T>(Func<ISessionStoreGrain, Task<T>> call, Func<T, SessionResult> resultOf, T busy)
    {
        var reply = await TryCallAsync(call, busy);
        return resultOf(reply) is SessionResult.Busy or SessionResult.Full ? await TryCallAsync(call, busy) : reply;
    }

    private async Task<T> TryCallAsync<T>(Func<ISessionStoreGrain, Task<T>> call, T busy)
    {
        try
        {
            return await call(Store);
        }
        catch (Exception exception) // a lost silo, a timeout: expected while the shard moves
        {
            LogStoreFailed(logger, Key, exception);
            return busy;
        }
    }
}
