namespace GrainMQ.Grains.LogStore.Memory;

/// <summary>Runs work on the caller's thread: memory needs no waiting.</summary>
internal sealed class InlineExecutor : IStorageExecutor
{
    public bool IsShared => false;

    public void Queue(Action work) => work();

    public void Dispose()
    {
        // nothing runs after the caller
    }
}
