using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace GrainMQ.Silo.Hosting;

/// <summary>
/// <c>2026-01-31T12:00:00.000Z WRN 1110 TlsHandshake Message</c>: one line per event. Client identifiers and topics are part of
/// messages, so control characters are escaped: no client can write log lines of its own, or move a terminal's cursor.
/// </summary>
internal sealed class TextLogFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "grainmq";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        textWriter.Write(DateTime.UtcNow.ToString(ConsoleLogging.Timestamp, CultureInfo.InvariantCulture));
        textWriter.Write($" {Level(logEntry.LogLevel)} {logEntry.EventId.Id} {ShortCategory(logEntry.Category)} ");
        WriteEscaped(textWriter, logEntry.Formatter(logEntry.State, logEntry.Exception));
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write(" | ");
            WriteEscaped(textWriter, exception.ToString());
        }
        textWriter.Write('\n');
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "TRC",
        LogLevel.Debug => "DBG",
        LogLevel.Information => "INF",
        LogLevel.Warning => "WRN",
        LogLevel.Error => "ERR",
        _ => "CRT",
    };

    private static ReadOnlySpan<char> ShortCategory(string category) => category.AsSpan(category.LastIndexOf('.') + 1);

    private static void WriteEscaped(TextWriter writer, string? text)
    {
        foreach (var c in text.AsSpan())
        {
            if (char.IsControl(c) || c is '\u2028' or '\u2029')
            {
                writer.Write($"\\u{(int)c:x4}");
            }
            else
            {
                writer.Write(c);
            }
        }
    }
}
