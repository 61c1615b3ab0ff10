namespace GrainMQ.Tests.Simulation;

/// <summary>A grain class and a key, as <c>SessionGrain/tenant/client</c>.</summary>
internal readonly record struct GrainName(GrainKind Kind, GrainId Id)
{
    public string Key => Id.Key.ToString() ?? "";

    /// <summary>The same in every process: seeds and placement depend on it.</summary>
    public ulong StableHash() => Fnv.Hash(Kind.Name, Fnv.Hash(Key));

    public override string ToString() => $"{Kind.Name}/{Key}";
}
