using GrainMQ.Grains;
using Microsoft.Extensions.Hosting;

namespace GrainMQ.Tests.Testing;

/// <summary>Tells the grains of a stop before the simulation deactivates them, as the product's silo does.</summary>
internal sealed class AnnouncedStop(SiloStop stop) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        stop.Begin();
        return Task.CompletedTask;
    }
}
