using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace GrainMQ.Silo.Hosting;

/// <summary>Log lines on standard output.</summary>
internal static class ConsoleLogging
{
    // Round-trip precision of a log line, sortable, always UTC.
    public const string Timestamp = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private static volatile bool s_hasStarted;

    /// <summary>
    /// A silo warns at its start that it does not run with the server's garbage collector, which is meant so (the other one takes a fraction of the
    /// memory), and that its watchdog stood still since the machine's start, which is not so. A gateway that waits for a silo says so itself. From here
    /// on their warnings are shown.
    /// </summary>
    public static void HasStarted() => s_hasStarted = true;

    public static void Configure(ILoggingBuilder logging, LogOptions options)
    {
        logging.SetMinimumLevel(options.Level);
        if (options.Level > LogLevel.Debug)
        {
            logging.AddFilter("Microsoft", LogLevel.Warning);
            logging.AddFilter("Orleans", LogLevel.Warning);
            foreach (var category in (string[])["Orleans.Runtime.Silo", "Orleans.Runtime.Watchdog", "Orleans.Runtime.Messaging.ConnectionManager"])
                logging.AddFilter(category, static level => level > LogLevel.Warning || (level == LogLevel.Warning && s_hasStarted));
            logging.AddFilter("Polly", LogLevel.None); // repeats what Orleans logs
            // A failed start is told in one line by the command itself.
            logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        }
        // A reader of the output that has stopped must not stop the broker: lines are dropped then, and the provider says how many.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite);
        if (options.Format == LogFormat.Json)
        {
            logging.AddJsonConsole(json =>
            {
                json.UseUtcTimestamp = true;
                json.TimestampFormat = Timestamp;
            });
        }
        else
        {
            logging.AddConsole(console => console.FormatterName = TextLogFormatter.FormatterName);
            logging.AddConsoleFormatter<TextLogFormatter, ConsoleFormatterOptions>();
        }
    }
}
