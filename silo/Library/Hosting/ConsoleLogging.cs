using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace GrainMQ.Silo.Hosting;

/// <summary>Writes log lines to standard output.</summary>
internal static class ConsoleLogging
{
    // Round-trip precision of a log line, sortable, always UTC.
    public const string Timestamp = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private static volatile bool s_hasStarted;

    /// <summary>
    /// From here on the warnings of Orleans are shown. Before, they mislead: of a garbage collector that is chosen for its small memory, of a
    /// watchdog that takes the time since the machine's start for a stall, of every attempt to reach a silo that is still to come. What keeps
    /// a process from starting is told in one line.
    /// </summary>
    public static void HasStarted() => s_hasStarted = true;

    public static void Configure(ILoggingBuilder logging, LogOptions options)
    {
        logging.SetMinimumLevel(options.Level);
        if (options.Level > LogLevel.Debug)
        {
            logging.AddFilter("Microsoft", LogLevel.Warning);
            logging.AddFilter("Orleans", static level => level >= LogLevel.Warning && s_hasStarted);
            logging.AddFilter("Polly", LogLevel.None); // repeats what Orleans logs
            // several lines a second while no silo answers, which the gateway says itself (4403, 4408)
            logging.AddFilter("Orleans.Messaging.GatewayManager", LogLevel.Error);
            logging.AddFilter("Orleans.Runtime.Messaging.ConnectionManager", LogLevel.Error);
            // errors at a stop, when it tells what has stopped already that a call is given up
            logging.AddFilter("Orleans.Runtime.GrainCallCancellationManager", LogLevel.Critical);
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
