using Orleans.Runtime;

namespace GrainMQ.Silo.Embedded;

/// <summary>The base of the generated references: an identity, and the way into the cluster.</summary>
internal abstract class GrainReference(EmbeddedCluster cluster, GrainId id, Activation? observer) : IAddressable
{
    public GrainId Id => id;

    /// <summary>The observer behind it; null = a grain, found in the catalog at every call.</summary>
    public Activation? Observer => observer;

    public override bool Equals(object? obj) => obj is GrainReference other && other.Id == id;

    public override int GetHashCode() => id.GetHashCode();

    public override string ToString() => id.ToString();

    protected Task Send(GrainCall call)
    {
        var caller = Request.Running;
        call.From(this, caller);
        if (caller is { Activation.IsLost: true }) call.Fail(new SiloLostException(caller.Activation.Id.ToString()));
        else cluster.Send(call);
        return call.Task;
    }
}
