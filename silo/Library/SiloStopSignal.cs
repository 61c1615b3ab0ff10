using GrainMQ.Grains;

namespace GrainMQ.Silo;

/// <summary>
/// Passes the silo's stop on to its grains. Orleans deactivates an activation only when its calls are over, and a gateway's poll hangs for
/// 10 seconds. At this stage gateways know that they must send elsewhere, and the grains are deactivated after it.
/// </summary>
internal sealed class SiloStopSignal(SiloStop stop) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(SiloStopSignal), ServiceLifecycleStage.BecomeActive, _ => Task.CompletedTask, Stop);

    private Task Stop(CancellationToken cancellation)
    {
        stop.Begin();
        return Task.CompletedTask;
    }
}
