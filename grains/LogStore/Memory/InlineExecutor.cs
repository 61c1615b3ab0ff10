namespace GrainMQ.Grains.LogStore.Memory;

/// <summary>Memory needs no waiting: the caller does the work.</summary>
internal sealed class InlineExecutor : IStorageExecutor
{
    public bool IsShared => false;

    public void Queue(Action work) => work();

    public void Dispose()
    {
        // nothing runs after the caller
    }
}
