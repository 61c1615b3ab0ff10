namespace GrainMQ.Gateway.Backup;

/// <summary>Decides about a session or retained topic that is both in the data directory and in the file.</summary>
internal enum MergeMode
{
    /// <summary>The one of the data directory stays, with all that belongs to it.</summary>
    Keep,

    /// <summary>The one of the file takes its place.</summary>
    Replace,
}
