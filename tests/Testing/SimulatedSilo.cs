using GrainMQ.Grains.Contracts;
using GrainMQ.Silo;
using GrainMQ.Silo.Data;
using GrainMQ.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;

namespace GrainMQ.Tests.Testing;

/// <summary>What the product's own silo has, its time limits too, with the simulation in the place of Orleans.</summary>
internal static class SimulatedSilo
{
    public static void Add(IServiceCollection services, SiloOptions options, GrainFaults? faults = null)
    {
        services.AddGrainMqData(options);
        services.AddHostedService<PreparedData>();
        services.AddSimulatedGrains(typeof(ISessionGrain).Assembly);
        services.Configure<SimulatedClusterOptions>(silo =>
        {
            (silo.ActivationTimeout, silo.DeactivationTimeout, silo.Faults) = (TimeSpan.FromHours(12), TimeSpan.FromSeconds(4), faults?.Plan);
        });
        services.AddHostedService<AnnouncedStop>();
        services.AddHostedService<StoredShards>();
    }
}
