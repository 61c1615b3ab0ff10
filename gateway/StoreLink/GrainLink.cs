using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>What runs between this gateway and the grains for as long as it lives: the lease in the directory and a poll per store shard.</summary>
internal sealed class GrainLink(DirectoryClient directory, Func<int, StorePoller> createPoller) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task? _running;
    private bool _isDisposed;

    /// <summary>Joins the cluster and loads every shard's sessions. Listeners open after it.</summary>
    public async Task StartAsync()
    {
        await directory.JoinAsync().ConfigureAwait(false);
        StorePoller[] pollers = [.. Enumerable.Range(0, directory.View.StoreShards).Select(createPoller)];
        _running = Task.WhenAll([directory.RunAsync(_stopping.Token), .. pollers.Select(poller => poller.RunAsync(_stopping.Token))]);
        await Task.WhenAll(pollers.Select(poller => poller.Loaded)).ConfigureAwait(false);
        directory.State = GatewayState.Ready;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed || _running is null)
        {
            return; // a gateway that never joined has nothing to leave, and perhaps no grains any more to tell
        }

        _isDisposed = true;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        await directory.LeaveAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }
}
