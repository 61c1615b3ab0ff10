namespace GrainMQ.Tests.Simulation;

/// <summary>
/// Takes turns on the thread pool while there are any, one at a time, so that a test that awaits the pool's quiescence awaits the grains too.
/// </summary>
internal sealed class PoolRun : IThreadPoolWorkItem
{
    /// <summary>After so many turns the pool may give the thread to other work.</summary>
    private const int TurnsPerSlice = 64;

    private readonly RunQueue _queue;
    private readonly SimulationTrace _trace;
    private int _pending;

    public PoolRun(RunQueue queue, SimulationTrace trace)
    {
        (_queue, _trace) = (queue, trace);
        queue.Added = _ => Schedule();
    }

    public void Execute()
    {
        for (var i = 0; i < TurnsPerSlice; i++)
        {
            var seen = Volatile.Read(ref _pending);
            if (_queue.TryTake(out var next))
            {
                _trace.Turn(next.Owner);
                next.Owner.Run(next.Turn);
            }
            else if (Interlocked.CompareExchange(ref _pending, 0, seen) == seen)
            {
                return;
            }
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void Schedule()
    {
        if (Interlocked.Increment(ref _pending) == 1)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }
}
