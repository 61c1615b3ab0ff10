using GrainMQ.Silo.Configuration;

namespace GrainMQ.Silo.Data;

/// <summary>What an acknowledgement of the broker promises, see docs/guarantees.md.</summary>
public enum Durability : byte
{
    /// <summary>In memory: sessions, their messages and retained messages live as long as the process.</summary>
    Memory,

    /// <summary>On the disk: they are there after any end of the process or the machine.</summary>
    File,
}

/// <summary>Configures what the broker keeps and where; section <c>Data</c>.</summary>
public sealed class DataOptions
{
    /// <summary>Decides what is still there after a crash. Default: File.</summary>
    public Durability Durability { get; set; } = Durability.File;

    /// <summary>
    /// Directory of this broker's files. Created when missing, must be writable, and is locked for one process. Default: <c>data</c> in
    /// the working directory with durability File, none with Memory.
    /// </summary>
    [FilePath]
    public string? Directory { get; set; }

    /// <summary>The directory that is used; null when nothing is kept on the disk.</summary>
    internal string? EffectiveDirectory => Directory ?? (Durability == Durability.File ? "data" : null);
}
