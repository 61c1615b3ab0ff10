namespace GrainMQ.Grains.LogStore;

/// <summary>How a call of a log ended.</summary>
public enum LogResult
{
    Ok,

    /// <summary>A newer epoch has opened the log; nothing was changed.</summary>
    Fenced,

    /// <summary>The disk has less free space than the floor, or none. Nothing was changed; the next call looks again.</summary>
    Full,

    /// <summary>The disk refused; what was not acknowledged is cut. The log takes nothing more until it is opened again.</summary>
    Failed,

    /// <summary>Bytes are not those that were written, or a file is missing. They are not served.</summary>
    Damaged,

    /// <summary>A snapshot stands for the records, which were removed.</summary>
    Trimmed,
}

/// <summary>Why a log refused.</summary>
/// <param name="File">Full name of the file.</param>
/// <param name="Position">Byte in the file.</param>
/// <param name="Cause">One sentence for the operator: what is wrong and, where something can be done, what.</param>
public sealed record LogFault(string File, long Position, string Cause)
{
    public override string ToString() => $"{File}, byte {Position}: {Cause}";
}

/// <summary>What can be wrong with the files of a log.</summary>
public enum LogFindingKind
{
    /// <summary>The end of the last segment was incomplete: an append without an answer. It was cut.</summary>
    CutTail,

    /// <summary>Bytes in the middle are not those that were written.</summary>
    Damage,

    /// <summary>A segment was deleted, or is shorter than it was.</summary>
    MissingSegment,

    /// <summary>A file that the manifest does not name, with records in it; it is left alone.</summary>
    UnknownFile,
}

/// <summary>What an opening found that is not as it should be.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="File">Full name of the file.</param>
/// <param name="Position">First byte concerned.</param>
/// <param name="Bytes">Bytes concerned.</param>
/// <param name="FirstOffset">First record concerned.</param>
/// <param name="NextOffset">First record after it that can be served.</param>
public sealed record LogFinding(LogFindingKind Kind, string File, long Position, long Bytes, long FirstOffset, long NextOffset);

/// <summary>Answer to an opening.</summary>
/// <param name="Result">Ok, Full (no space for the manifest), Damaged or Failed.</param>
/// <param name="Log">Null unless Ok.</param>
/// <param name="Fault">Why not.</param>
/// <param name="Findings">What was cut, is damaged or missing; the log serves all the rest.</param>
/// <param name="Hlc">The highest clock value of any record so far.</param>
public sealed record LogOpening(
    LogResult Result, IWriteAheadLog? Log, LogFault? Fault, IReadOnlyList<LogFinding> Findings, ulong Hlc)
{
    internal static LogOpening Refused(LogResult result, LogFault fault) => new(result, null, fault, [], 0);
}

/// <summary>Answer to a change of a snapshot.</summary>
/// <param name="Result">Ok, Fenced, Full or Failed.</param>
/// <param name="Fault">Why not, with Full and Failed.</param>
public sealed record LogReply(LogResult Result, LogFault? Fault = null)
{
    internal static LogReply Ok { get; } = new(LogResult.Ok);

    internal static LogReply Fenced { get; } = new(LogResult.Fenced);
}

/// <summary>Answer to an append.</summary>
/// <param name="Result">Ok, Fenced, Full or Failed.</param>
/// <param name="FirstOffset">Offset of the batch's first record; only with Ok.</param>
/// <param name="Fault">Why not, with Full and Failed.</param>
public readonly record struct AppendReply(LogResult Result, long FirstOffset, LogFault? Fault = null);

/// <summary>Answer to a read.</summary>
/// <param name="Result">Ok, Trimmed, Damaged or Failed.</param>
/// <param name="NextOffset">Where to go on.</param>
/// <param name="Fault">With Damaged and Failed.</param>
public readonly record struct ReadReply(LogResult Result, long NextOffset, LogFault? Fault = null);

/// <summary>The snapshot of a log.</summary>
/// <param name="Offset">Every record of the log below it is in the snapshot.</param>
/// <param name="Count">Records of the snapshot.</param>
public sealed record LogSnapshotInfo(long Offset, long Count);

/// <summary>A segment to which nothing is added any more.</summary>
/// <param name="BaseOffset">Offset of its first record.</param>
/// <param name="NextOffset">Offset after its last record.</param>
/// <param name="Bytes">Position after its last block.</param>
public readonly record struct LogSegmentInfo(long BaseOffset, long NextOffset, long Bytes);
