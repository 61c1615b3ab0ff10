using Orleans;
using Orleans.Runtime;

namespace GrainMQ.Silo.Embedded;

internal sealed class Activation(GrainId id, IGrainFactory grainFactory, IServiceProvider services)
{
    [ThreadStatic] internal static Activation? Constructing;

    public GrainId Id => id;

    public IGrainFactory GrainFactory => grainFactory;

    public IServiceProvider Services => services;

    public void DeactivateOnIdle() => throw new NotSupportedException();

    public IGrainTimer RegisterTimer<TState>(Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options) =>
        throw new NotSupportedException();
}
