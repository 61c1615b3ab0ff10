using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// One client, key <c>"{tenant}/{clientId}"</c>, for callers that know a client and no shards, and for a gateway whose connection met a null
/// outbound frame. It persists and remembers nothing: it passes its calls to the store shard that has the client's session.
/// </summary>
[CollectionAgeLimit(Minutes = 2)] // it costs nothing to activate again
internal sealed partial class SessionGrain(IOptions<GrainOptions> options, ILogger<SessionGrain> logger) : Grain, ISessionGrain
{
    private ISessionStoreGrain? _store;

    private string Key => this.GetPrimaryKeyString();

    private ISessionStoreGrain Store =>
        _store ??= GrainFactory.GetGrain<ISessionStoreGrain>((long)StoreShard.Of(Key, options.Value.StoreShards));

    public async Task<SessionResult> CloseAsync(ulong epoch, CloseRequest request)
    {
        var result = await CallAsync(store => store.DetachAsync(Key, epoch, request));
        if (request.Deactivate && result is not (SessionResult.Busy or SessionResult.Full)) // those are answered by another call
        {
            DeactivateOnIdle();
        }

        return result;
    }

    public Task<SessionResult> PresetAsync(PresetRequest request) => CallAsync(store => store.PresetAsync(Key, request));

    public async Task<SessionInfo> GetInfoAsync()
    {
        try
        {
            return await Store.GetInfoAsync(Key);
        }
        catch (Exception exception) // as in TryCallAsync; what the second call meets is for the caller
        {
            LogStoreFailed(logger, Key, exception);
            return await Store.GetInfoAsync(Key);
        }
    }

    /// <summary>
    /// Calls the store shard, and once more when it is moving or has just found its disk full, which its next activation knows. Every call to
    /// it may be repeated.
    /// </summary>
    private async Task<SessionResult> CallAsync(Func<ISessionStoreGrain, Task<SessionResult>> call)
    {
        var result = await TryCallAsync(call);
        return result is SessionResult.Busy or SessionResult.Full ? await TryCallAsync(call) : result;
    }

    private async Task<SessionResult> TryCallAsync(Func<ISessionStoreGrain, Task<SessionResult>> call)
    {
        try
        {
            return await call(Store);
        }
        catch (Exception exception) // a lost silo, a timeout: expected while the shard moves
        {
            LogStoreFailed(logger, Key, exception);
            return SessionResult.Busy;
        }
    }
}
