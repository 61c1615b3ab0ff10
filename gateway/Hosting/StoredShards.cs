using System.Runtime;
using GrainMQ.Grains.Contracts;
using Orleans;

namespace GrainMQ.Gateway.Hosting;

/// <summary>
/// Opens every shard before the first client may come: what is wrong with the files of one is told to whoever starts the broker, not to
/// its clients.
/// </summary>
internal sealed class StoredShards(IGrainFactory grains, GatewayOptions options)
{
    /// <exception cref="StartupException">Files of a shard are damaged, of a newer version, or cannot be read or written.</exception>
    public async Task OpenAsync()
    {
        var mode = GCSettings.LatencyMode;
        GCSettings.LatencyMode = GCLatencyMode.Batch; // nobody waits for an answer yet: collections beside the reading only cost time
        try
        {
            await Task.WhenAll(Open());
        }
        finally
        {
            GCSettings.LatencyMode = mode;
        }
    }

    private IEnumerable<Task> Open() =>
        [
            .. Enumerable.Range(0, options.Grains.StoreShards).Select(shard => OpenAsync(() => grains.GetGrain<ISessionStoreGrain>(shard).GetInfoAsync(""))),
            .. Enumerable.Range(0, options.Grains.RetainShards).Select(shard => OpenAsync(() => grains.GetGrain<IRetainGrain>(shard).QueryAsync(new("", "#", null, 1, 1)))),
        ];

    private static async Task OpenAsync(Func<Task> call)
    {
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (TimeoutException)
            {
                // a long log on a slow disk: it is still being read
            }
            catch (Exception e)
            {
                throw new StartupException(e.Message, e);
            }
        }
    }
}
