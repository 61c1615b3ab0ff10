using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace GrainMQ.Gateway.Hosting;

/// <summary>Log lines on standard output.</summary>
internal static class GatewayLogging
{
    // Round-trip precision of a log line, sortable, always UTC.
    public const string Timestamp = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static void Configure(ILoggingBuilder logging, LogOptions options)
    {
        logging.SetMinimumLevel(options.Level);
        if (options.Level > LogLevel.Debug)
        {
            logging.AddFilter("Microsoft", LogLevel.Warning);
            logging.AddFilter("Orleans", LogLevel.Warning);
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
