using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Hosting;

namespace GrainMQ.Silo.Data;

/// <summary>Makes the data directory ready before the silo runs any grain: takes it, finishes an interrupted import, compares the shards.</summary>
/// <param name="options">Options of the silo.</param>
/// <param name="data">The directory, locked by its creation; null when nothing is kept on the disk.</param>
internal sealed class PreparedData(SiloOptions options, DataDirectory? data = null) : IHostedService
{
    /// <exception cref="StartupException">The directory was made for other shards, or an import into it cannot be finished.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (data is not null && options.Data.Durability == Durability.File)
        {
            new ImportStage(data.Path).Recover();
            ShardLayout.Check(data.Path, options.Grains);
        }
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
