using GrainMQ.Grains.LogStore;

namespace GrainMQ.Tests.Testing.LogStore;

/// <summary>Whoever asks the storage for something does it.</summary>
public sealed class NowExecutor : IStorageExecutor
{
    public bool IsShared => false;

    public void Queue(Action work) => work();

    public void Dispose()
    {
        // nothing is kept
    }
}
