using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Shards;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace GrainMQ.Grains.Directory;

/// <summary>
/// The gateways of the cluster, key 0. Every gateway calls it once a second. Numbers and members are journaled, so that two activations fence
/// each other, and a view after a restart lacks no gateway that lives.
/// </summary>
[Reentrant]
[KeepAlive]
internal sealed partial class DirectoryGrain : Grain, IDirectoryGrain
{
    private readonly DirectoryState _state;
    private readonly JournaledShard<DirectoryRecord, DirectoryRecord> _shard;
    private bool _isBehind;

    public DirectoryGrain(
        IJournalStore<DirectoryRecord, DirectoryRecord> journals, IOptions<GrainOptions> options, SteadyClock clock, GrainMetrics metrics,
        ILogger<DirectoryGrain> logger)
    {
        _state = new DirectoryState(options.Value);
        _shard = new("directory", _state, journals, clock, metrics, new Log(logger)) { Ended = DeactivateOnIdle };
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _shard.OpenAsync((int)this.GetPrimaryKeyLong());
        _state.Begin(_shard.Epoch, _shard.Now());
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _shard.StopAsync();

    public async Task<JoinReply> JoinAsync(JoinRequest request)
    {
        Demand();
        var gateway = _state.Draw(request.IsAlone);
        await AnswerAsync(isChanged: true);
        return new JoinReply(gateway, _shard.Now());
    }

    public Task<ClusterView> HeartbeatAsync(GatewayBeat beat)
    {
        Demand();
        return AnswerAsync(_state.Heartbeat(beat, _shard.Now()));
    }

    public Task<ClusterView> LeaveAsync(GatewayRef gateway)
    {
        Demand();
        return AnswerAsync(_state.Leave(gateway, _shard.Now()));
    }

    public Task<ClusterView> GetViewAsync()
    {
        Demand();
        return AnswerAsync(_state.Evict(_shard.Now()));
    }

    private void Demand()
    {
        if (_shard.IsOver)
        {
            throw ShardMoving.Error();
        }
    }

    /// <summary>
    /// Answers with the view as it is now, once everything in it is stored. On a full disk it answers all the same, so that those who need no space
    /// are served; the next call that finds space stores it.
    /// </summary>
    /// <exception cref="InvalidOperationException">The directory is moving to a newer activation.</exception>
    private async Task<ClusterView> AnswerAsync(bool isChanged)
    {
        var view = _state.View;
        _isBehind |= isChanged;
        if (_isBehind && await _shard.Writer.HasSpaceAsync())
        {
            _isBehind = false; // a commit that fails ends this activation
            return await _shard.CommitAsync(_state.RecordOf(_shard.Now())) == SessionResult.Ok ? view : throw ShardMoving.Error();
        }

        return await _shard.SettleAsync(SessionResult.Ok) == SessionResult.Ok ? view : throw ShardMoving.Error();
    }
}
