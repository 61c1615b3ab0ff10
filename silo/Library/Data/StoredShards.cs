using System.Runtime;
using GrainMQ.Grains.Contracts;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Hosting;

namespace GrainMQ.Silo.Data;

/// <summary>
/// Opens every shard before the first client can connect: faults of its files are reported to the operator who starts the broker, not to clients.
/// </summary>
internal sealed class StoredShards(IGrainFactory grains, SiloOptions options) : IHostedService
{
    /// <exception cref="StartupException">Files of a shard are damaged, of a newer version, or cannot be read or written.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Data.Durability != Durability.File)
        {
            return;
        }

        var mode = GCSettings.LatencyMode;
        GCSettings.LatencyMode = GCLatencyMode.Batch; // nothing waits for an answer yet: collections beside the reading only cost time
        try
        {
            await Task.WhenAll(Open()).WaitAsync(cancellationToken);
        }
        finally
        {
            GCSettings.LatencyMode = mode;
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Task> Open() =>
        [
            OpenAsync(grains.GetGrain<IDirectoryGrain>(0).GetViewAsync),
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
