namespace GrainMQ.Grains.Contracts;

/// <summary>A gateway's hanging poll of one store shard.</summary>
/// <param name="Gateway">The gateway that polls.</param>
/// <param name="ShardEpoch"><see cref="StorePollReply.ShardEpoch"/> of the last reply; 0 at first.</param>
/// <param name="AckedVersion">The gateway has applied every interest delta up to this version.</param>
/// <param name="Live">
/// The gateways of the caller's cluster view; null if it has no view yet. Sessions of another gateway count as disconnected once its number
/// is below <paramref name="Oldest"/>, or once no view names it and the shard has not heard of it for <see cref="GrainOptions.GatewaySilence"/>.
/// </param>
/// <param name="CompletedWork">Ids of due wills that the gateway has published.</param>
/// <param name="WaitMilliseconds">How long the poll may hang, at most 10,000; 0 = answer at once.</param>
/// <param name="Oldest"><see cref="ClusterView.Oldest"/> of the caller's view.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.StorePoll")]
public sealed record StorePoll(
    [property: Id(0)] GatewayRef Gateway,
    [property: Id(1)] long ShardEpoch,
    [property: Id(2)] long AckedVersion,
    [property: Id(3)] GatewayRef[]? Live,
    [property: Id(4)] long[] CompletedWork,
    [property: Id(5)] int WaitMilliseconds,
    [property: Id(6)] long Oldest = 0);
