using GrainMQ.Silo.Data;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Silo;

/// <summary>
/// Files belong to one silo: a shard that is activated on another one would not find its log there. So a silo that keeps files joins no cluster that
/// has a silo, before it can be given any grain.
/// </summary>
internal sealed class SingleFileSilo(SiloOptions options, ISiloStatusOracle silos) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe(nameof(SingleFileSilo), ServiceLifecycleStage.AfterRuntimeGrainServices, Check);

    private Task Check(CancellationToken cancellationToken)
    {
        var other = silos.GetApproximateSiloStatuses(onlyActive: true).Keys.FirstOrDefault(silo => !silo.Equals(silos.SiloAddress));
        return options.Data.Durability == Durability.File && other is not null
            ? throw new StartupException(
                $"Cluster '{options.Cluster.Id}' has a silo already, on {other.Endpoint}, and with durability file its messages are in that silo's directory. " +
                "Stop that one, or run more than one silo with --durability memory.")
            : Task.CompletedTask;
    }
}
