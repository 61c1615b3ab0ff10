using Orleans.Serialization.Invocation;

namespace GrainMQ.Tests.Simulation;

/// <summary>Something that an activation does from a first turn to the end of a task: a call, or a tick of a timer.</summary>
internal abstract class Request
{
    /// <summary>May run between the turns of any other.</summary>
    public abstract bool Interleaves { get; }

    /// <summary>May run between the turns of others that only read.</summary>
    public virtual bool IsReadOnly => false;

    /// <summary>Counts as use of the activation.</summary>
    public virtual bool KeepsAlive => true;

    /// <summary>Belongs to this activation: it still runs while the activation is about to end, and never moves to another one.</summary>
    public virtual bool IsLocal => false;

    /// <summary>Answered already, so not worth starting.</summary>
    public virtual bool IsOver => false;

    public abstract ValueTask<Response> InvokeAsync(Activation activation);

    /// <summary>Its task has ended; in the turn in which it did.</summary>
    public abstract void End(Response response);
}
