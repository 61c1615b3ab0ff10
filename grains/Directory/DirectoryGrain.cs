using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Options;

namespace GrainMQ.Grains.Directory;

/// <summary>
/// The gateways of the cluster, key 0. Every gateway calls it once a second. It persists nothing, because within one lease the heartbeats tell
/// it everything again.
/// </summary>
internal sealed class DirectoryGrain(IOptions<GrainOptions> options, TimeProvider time) : Grain, IDirectoryGrain
{
    private readonly GatewayTable _gateways = new(options.Value, time.GetUtcNow().ToUnixTimeMilliseconds());

    public Task<ClusterView> HeartbeatAsync(GatewayBeat beat) => Task.FromResult(_gateways.Heartbeat(beat, Now()));

    public Task<ClusterView> LeaveAsync(GatewayRef gateway) => Task.FromResult(_gateways.Leave(gateway, Now()));

    public Task<ClusterView> GetViewAsync() => Task.FromResult(_gateways.View(Now()));

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
