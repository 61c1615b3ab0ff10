using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// The store shards of the cluster: which one has a client's session, and the calls to it that a client waits for. A client's calls are made in
/// its turn, one after the other, and carry the epoch of their connection. How many shards there are is known once the
/// gateway has joined. A reference to each is made then and kept: making one costs as much as a call.
/// </summary>
internal sealed class StoreShards(IGrainFactory grains, DirectoryClient directory, GrainCalls calls, TimeProvider time)
{
    private readonly Lazy<ISessionStoreGrain[]> _shards = new(() =>
        [.. Enumerable.Range(0, directory.View.StoreShards).Select(shard => grains.GetGrain<ISessionStoreGrain>(shard))]);

    /// <summary>The same for as long as the cluster exists.</summary>
    public int Count => _shards.Value.Length;

    public ISessionStoreGrain this[int shard] => _shards.Value[shard];

    /// <summary>The number of the shard that has the session.</summary>
    public int Of(string key) => StoreShard.Of(key, Count);

    /// <inheritdoc cref="CallAsync{T}"/>
    public Task<SessionResult> CallAsync(
        string key, Func<ISessionStoreGrain, Task<SessionResult>> call, CancellationToken givingWay = default) =>
        CallAsync(key, call, static result => result, givingWay);

    /// <summary>
    /// As <see cref="GrainCalls.CallAsync{T}"/>, and once more at once when the shard is moving, which it has then done, or has just found its disk
    /// full, which it then knows how to live with.
    /// </summary>
    public Task<T> CallAsync<T>(
        string key, Func<ISessionStoreGrain, Task<T>> call, Func<T, SessionResult> resultOf, CancellationToken givingWay = default)
    {
        var shard = this[Of(key)];
        var start = time.GetTimestamp();
        return calls.CallAsync(CallOnceMoreAsync, resultOf, givingWay);

        async Task<T> CallOnceMoreAsync()
        {
            var reply = await call(shard).ConfigureAwait(false);
            var isAwaited = time.GetElapsedTime(start) < Attempts.Timeout && !givingWay.IsCancellationRequested;
            return isAwaited && resultOf(reply) is (SessionResult.Busy or SessionResult.Full) ? await call(shard).ConfigureAwait(false) : reply;
        }
    }
}
