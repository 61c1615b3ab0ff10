namespace GrainMQ.Gateway.Hosting;

/// <summary>Where sessions and retained messages are kept.</summary>
public enum StoreMode : byte
{
    /// <summary>In memory: they live as long as the process.</summary>
    Memory,
}

/// <summary>What the grains keep and how; section <c>Store</c>.</summary>
public sealed class StoreOptions
{
    /// <summary>Where sessions and retained messages are kept. Default: Memory.</summary>
    public StoreMode Mode { get; set; } = StoreMode.Memory;
}
