using Microsoft.Extensions.Logging;

namespace GrainMQ.Grains.LogStore.WriteAhead;

internal sealed partial class WriteAheadLog
{
    [LoggerMessage(6300, LogLevel.Debug,
        "Log {Name} opened at epoch {Epoch}, records {FirstOffset} to before {NextOffset}",
        EventName = "LogOpened")]
    internal static partial void LogOpened(ILogger logger, string name, long epoch, long firstOffset, long nextOffset);

    [LoggerMessage(6301, LogLevel.Warning,
        "Log {Name}: {File} ended in an append that was not finished; {Bytes} bytes from byte {Position} on were cut, nothing acknowledged is lost",
        EventName = "LogTailCut")]
    internal static partial void LogCut(ILogger logger, string name, string file, long position, long bytes);

    [LoggerMessage(6302, LogLevel.Error,
        "{Kind}: {File}, {Bytes} bytes from byte {Position} on; records {FirstOffset} to before {NextOffset} cannot be served, all others can. "
        + "Stop the broker and restore the file from a backup to have them back",
        EventName = "LogDamaged")]
    internal static partial void LogDamage(
        ILogger logger, LogFindingKind kind, string file, long position, long bytes, long firstOffset, long nextOffset);

    [LoggerMessage(6303, LogLevel.Error,
        "Log {Name} takes nothing more until it is opened again: the disk refused {File}, byte {Position}",
        EventName = "LogFailed")]
    internal static partial void LogFailed(ILogger logger, Exception cause, string name, string file, long position);

    [LoggerMessage(6304, LogLevel.Error,
        "Log {Name} takes no records: {Cause}",
        EventName = "LogDiskFull")]
    internal static partial void LogFull(ILogger logger, string name, string cause);

    [LoggerMessage(6305, LogLevel.Information,
        "Log {Name} takes records again: there is space",
        EventName = "LogSpaceBack")]
    internal static partial void LogSpaceBack(ILogger logger, string name);

    [LoggerMessage(6306, LogLevel.Warning,
        "The index of {File} could not be written; the next start writes it",
        EventName = "LogFooterNotWritten")]
    internal static partial void LogNoFooter(ILogger logger, Exception cause, string file);

    [LoggerMessage(6307, LogLevel.Warning,
        "{File} is not needed any more and could not be removed; the next start removes it",
        EventName = "LogFileNotRemoved")]
    internal static partial void LogNotRemoved(ILogger logger, Exception cause, string file);
}
