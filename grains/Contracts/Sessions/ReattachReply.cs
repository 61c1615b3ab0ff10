namespace GrainMQ.Grains.Contracts;

/// <summary>The answer to a <see cref="ReattachBatch"/>.</summary>
/// <param name="Fenced">Keys of the sessions that another connection owns: close the local connection.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.ReattachReply")]
public sealed record ReattachReply([property: Id(0)] string[] Fenced);
