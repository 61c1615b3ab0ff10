namespace GrainMQ.Gateway.Connections;

/// <summary>What the process takes of the machine's memory. A test has one of its own.</summary>
internal interface IProcessMemory
{
    /// <summary>Bytes that the process takes now.</summary>
    long Used { get; }

    /// <summary>Bytes that .NET may take: those of the machine, or the part of a container's limit that it keeps to (three quarters unless configured).</summary>
    long Available { get; }

    /// <summary>Bytes allocated since the start, also those that were freed.</summary>
    long Allocated { get; }

    /// <summary>Collects all garbage and gives what is free back to the system. Every thread stands still meanwhile.</summary>
    void Collect();
}
