using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Hosting;
using GrainMQ.Gateway.Logging;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

/// <summary>Holds what is limited against all events that there are.</summary>
public sealed class LogLimiterTests
{
    /// <summary>Why a client cannot make many lines of them.</summary>
    private static readonly Dictionary<string, int[]> NotByClients = new()
    {
        ["once per start or stop, or by an operator's signal"] = [1001, 1003, 1004, 1005, 1008, 1050],
        ["tried again by the gateway, one line per interval (LogInterval)"] = [1006, 1007, 4403, 4408],
        ["the summary itself, one line per event and interval"] = [1090],
        ["by a change of a file, once per version"] = [1121, 1122, 1123, 1126, 1127, 1128, 1140, 1141],
        ["a counter that is looked at every 10 seconds"] = [1154],
        ["once per start of a shard or loss of a gateway"] = [4404, 6001, 6002, 6003, 6101, 6102, 6103, 6104, 6201, 6202, 6203],
        ["once per damaged message, which is dropped then"] = [6105],
        ["once per compaction, which frees a whole segment"] = [6106],
        ["once per opening of a log, or per file"] = [6301, 6302, 6303, 6306, 6307],
        ["when a full disk has room again, and back"] = [6304, 6305],
    };

    private readonly ManualTimeProvider _time = new();
    private readonly RecordingLoggerProvider _log = new();

    [Fact]
    public void EveryEventIsLimitedOrNotForAReason()
    {
        var loud = ProductEvents.All().Where(e => e.Attribute.Level >= LogLevel.Information).Select(e => e.Attribute.EventId).Order();

        Assert.Equal(loud, LogLimiter.ClientEvents.Concat(NotByClients.Values.SelectMany(ids => ids)).Order());
    }

    [Fact]
    public void TenThousandLinesOfEachEventOfAClientAreTenAndOne()
    {
        using var services = Services();
        foreach (var (method, attribute) in ProductEvents.All().Where(e => LogLimiter.ClientEvents.Contains(e.Attribute.EventId)))
        {
            var logger = LoggerOf(services, attribute.EventId);
            for (var i = 0; i < 10_000; i++)
            {
                logger.Log(attribute.Level, new EventId(attribute.EventId, method.Name), "line");
            }

            _time.Advance(LogLimiter.Interval);

            Assert.Equal(10, _log.Lines.Count(line => line.EventId == attribute.EventId));
            Assert.Equal($"Left out in the last 10 seconds: 9990 lines of event {attribute.EventId}.", _log.Lines.Last().Message);
        }

        Assert.Equal(11 * LogLimiter.ClientEvents.Count, _log.Lines.Count);
    }

    [Fact]
    public void ANewIntervalHasLinesOfItsOwnAndTheLastOneIsTold()
    {
        var services = Services();
        var logger = LoggerOf(services, 4302);
        Write(logger, 4302, 10);
        _time.Advance(LogLimiter.Interval);
        Assert.Equal(10, _log.Lines.Count); // none was left out

        Write(logger, 4302, 11);
        Write(logger, 4501, 1); // another event
        Assert.Equal(21, _log.Lines.Count);
        services.Dispose();
        Assert.Equal((1090, "Left out in the last 10 seconds: 1 lines of event 4302."), (_log.Lines.Last().EventId, _log.Lines.Last().Message));
    }

    [Fact]
    public void OthersAreNotLimited()
    {
        using var services = Services();
        Write(LoggerOf(services, 4302), 1121, 20);
        for (var i = 0; i < 20; i++)
        {
            LoggerOf(services, 4302).Log(LogLevel.Debug, 4302, "debug");
            services.GetRequiredService<ILogger<string>>().Log(LogLevel.Warning, 4302, "of another library");
        }

        Assert.Equal(60, _log.Lines.Count);
    }

    [Fact]
    public void LinesOfTheWebServerAreLimitedTogether()
    {
        using var services = Services();
        using var loggers = new WebServerLoggers(services.GetRequiredService<ILoggerFactory>(), services.GetRequiredService<LogLimiter>());
        Write(loggers.CreateLogger("Kestrel"), 13, 20);
        Write(loggers.CreateLogger("Kestrel.Connections"), 0, 20);
        _time.Advance(LogLimiter.Interval);

        Assert.Equal(11, _log.Lines.Count);
        Assert.Equal("Left out in the last 10 seconds: 30 lines of event 0.", _log.Lines.Last().Message);
    }

    private static void Write(ILogger logger, int id, int lines)
    {
        for (var i = 0; i < lines; i++)
        {
            logger.Log(LogLevel.Warning, id, "line");
        }
    }

    /// <summary>As the gateway gets it.</summary>
    private static ILogger LoggerOf(ServiceProvider services, int id) =>
        id < 4000 ? services.GetRequiredService<ILogger<GatewayService>>() : services.GetRequiredService<ILogger<Connection>>();

    private ServiceProvider Services()
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_time);
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(_log));
        services.AddMqttDataPlane(new GatewayOptions());
        return services.BuildServiceProvider();
    }
}
