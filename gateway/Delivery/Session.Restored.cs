namespace GrainMQ.Gateway.Delivery;

/// <summary>
/// What the store handed out at CONNECT it keeps a copy of, should this gateway be lost. When the client has finished it, the store is told,
/// so that the copy does not last as long as the connection.
/// </summary>
internal sealed partial class Session
{
    private bool _holdsRestored;
    private TaskCompletionSource<bool>? _restoredFinished;

    /// <summary>
    /// True when everything that waits or is open was finished at least once, so that nothing restored can be left; false when the
    /// connection went before. Null: there is nothing from the store. Call before the connection is attached.
    /// </summary>
    public Task<bool>? RestoredFinishedAsync()
    {
        lock (_gate)
        {
            _restoredFinished = _holdsRestored ? new(TaskCreationOptions.RunContinuationsAsynchronously) : null;
            return _restoredFinished?.Task;
        }
    }

    /// <summary>Call inside the gate after a delivery ended or the connection went.</summary>
    private void SignalRestored()
    {
        bool isFinished = _connection is not null && _inflight.Count == 0 && _backlog.Count == 0;
        if (_restoredFinished is not null && (isFinished || _connection is null))
        {
            _restoredFinished.SetResult(isFinished);
            (_restoredFinished, _holdsRestored) = (null, !isFinished);
        }
    }
}
