namespace GrainMQ.Grains.LogStore;

/// <summary>Where the disk is waited for. A test runs the work itself, step by step.</summary>
public interface IStorageExecutor : IDisposable
{
    /// <summary>Whether work waits for other work: what could go on for long must queue again.</summary>
    bool IsShared { get; }

    /// <summary>Runs the work once, now or later. The work throws nothing.</summary>
    void Queue(Action work);
}
