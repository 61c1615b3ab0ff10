using GrainMQ.Grains;
using GrainMQ.Grains.LogStore;
using GrainMQ.Silo.Data;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Silo;

/// <summary>Holds every setting of a silo; each section is a class beside what it configures. Read once at start-up, then not written.</summary>
public sealed class SiloOptions
{
    public ClusterOptions Cluster { get; init; } = new();

    public LogStoreOptions Store { get; init; } = new();

    public GrainOptions Grains { get; init; } = new();

    public DataOptions Data { get; init; } = new();

    public LogOptions Log { get; init; } = new();
}
