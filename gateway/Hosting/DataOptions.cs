namespace GrainMQ.Gateway.Hosting;

/// <summary>The broker's directory; section <c>Data</c>.</summary>
public sealed class DataOptions
{
    /// <summary>
    /// Directory of this broker's files. Created when missing, must be writable, and is locked for one process. Null: no files at
    /// all. Default: null.
    /// </summary>
    public string? Directory { get; set; }
}
