namespace GrainMQ.Gateway.Connections;

/// <summary>The memory of this process, as .NET and the system tell it.</summary>
internal sealed class ProcessMemory : IProcessMemory
{
    public long Used => Environment.WorkingSet;

    public long Available => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    public long Allocated => GC.GetTotalAllocatedBytes();

    // aggressive: without it free regions stay with the process, and its working set where it was
    public void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}
