using Microsoft.Extensions.Logging;

namespace GrainMQ.Silo.Hosting;

public enum LogFormat : byte
{
    /// <summary>One line per event: UTC time, level, event id, message.</summary>
    Text,

    /// <summary>One JSON object per event, with the same fields and the message's parameters by name.</summary>
    Json,
}

/// <summary>Configures what is written to standard output; section <c>Log</c>.</summary>
public sealed class LogOptions
{
    /// <summary>
    /// The lowest level that is written: Trace (packets), Debug (connection life), Information, Warning (a client broke the
    /// protocol), Error (our fault), Critical or None. Default: Information.
    /// </summary>
    public LogLevel Level { get; set; } = LogLevel.Information;

    /// <summary>Text or Json. Default: Text.</summary>
    public LogFormat Format { get; set; } = LogFormat.Text;
}
