using GrainMQ.Grains.Storage.Execution;

namespace GrainMQ.Tests.Testing.Storage;

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
