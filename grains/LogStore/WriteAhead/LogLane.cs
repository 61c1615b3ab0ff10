namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>
/// Carries out the changes of one log one after the other, whichever thread posts them: what waits while one is carried out is carried out
/// together. So the disk needs no lock, and logs do not wait for each other.
/// </summary>
internal sealed class LogLane
{
    private readonly Lock _lock = new();
    private readonly IStorageExecutor _executor;
    private readonly Action<List<LogChange>> _carryOut;
    private readonly Action _run;
    private List<LogChange> _waiting = [];
    private List<LogChange> _taken = [];
    private bool _isRunning;

    /// <param name="executor">Runs the lane while it has something to do.</param>
    /// <param name="carryOut">Completes every change that it gets; throws nothing.</param>
    public LogLane(IStorageExecutor executor, Action<List<LogChange>> carryOut) => (_executor, _carryOut, _run) = (executor, carryOut, Run);

    /// <summary>Adds a change behind those that wait.</summary>
    public void Post(LogChange change)
    {
        lock (_lock)
        {
            _waiting.Add(change);
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }
        _executor.Queue(_run);
    }

    /// <summary>
    /// Runs one round and then lets other logs have the thread: with more busy logs than threads, each would otherwise keep its thread for
    /// good.
    /// </summary>
    private void Run()
    {
        while (true)
        {
            lock (_lock)
            {
                (_waiting, _taken) = (_taken, _waiting);
            }

            _carryOut(_taken);
            _taken.Clear();
            lock (_lock)
            {
                if (!(_isRunning = _waiting.Count > 0))
                {
                    return;
                }
            }

            if (!_executor.IsShared)
            {
                continue;
            }

            _executor.Queue(_run);
            return;
        }
    }
}
