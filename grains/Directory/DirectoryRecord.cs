using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Directory;

/// <summary>
/// All that the directory has to remember. It is small and changes seldom, so every change is journaled as the whole, and is the snapshot too.
/// </summary>
/// <param name="At">Unix milliseconds.</param>
/// <param name="LastNumber">The highest number that a gateway has.</param>
/// <param name="Oldest">Every gateway with a lower number has ended.</param>
/// <param name="ViewId">Of the view that the members make.</param>
/// <param name="Members">The last heartbeat of each gateway, ordered by number.</param>
internal sealed record DirectoryRecord(long At, long LastNumber, long Oldest, long ViewId, GatewayBeat[] Members) : IShardChange
{
    /// <inheritdoc/>
    public long Cost => 64 + (64L * Members.Length);
}
