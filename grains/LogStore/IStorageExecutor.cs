namespace GrainMQ.Grains.LogStore;

/// <summary>Runs what waits for the disk. A test runs it itself, step by step.</summary>
public interface IStorageExecutor : IDisposable
{
    /// <summary>Whether work waits for other work. Then what could go on for long queues again after each part.</summary>
    bool IsShared { get; }

    /// <summary>Runs the work once, now or later. The work throws nothing.</summary>
    void Queue(Action work);
}
