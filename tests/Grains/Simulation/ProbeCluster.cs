using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Tests.Grains.Simulation;

/// <summary>A cluster with the probe grains of this assembly and a journal, driven by the test unless it says otherwise.</summary>
internal sealed class ProbeCluster : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public ProbeCluster(Action<SimulatedClusterOptions>? configure = null)
    {
        _services = new ServiceCollection()
            .AddSingleton(Journal)
            .AddSingleton<TimeProvider>(Time)
            .AddLogging(logging => logging.AddProvider(Log))
            .Configure<SimulatedClusterOptions>(options => options.IsDriven = true)
            .Configure<SimulatedClusterOptions>(options => configure?.Invoke(options))
            .AddSimulatedGrains(typeof(ProbeCluster).Assembly)
            .BuildServiceProvider();
        Cluster = _services.GetRequiredService<SimulatedCluster>();
    }

    public ManualTimeProvider Time { get; } = new();

    public Journal Journal { get; } = new();

    public EventIdLog Log { get; } = new();

    public SimulatedCluster Cluster { get; }

    public T Grain<T>(string key) where T : IGrainWithStringKey => Cluster.Grains.GetGrain<T>(key);

    public T Grain<T>(long key) where T : IGrainWithIntegerKey => Cluster.Grains.GetGrain<T>(key);

    /// <summary>Lets time pass; afterwards everything that has become due has had its turns.</summary>
    public void Advance(double seconds)
    {
        Cluster.RunReady();
        Time.Advance(TimeSpan.FromSeconds(seconds));
        Cluster.RunReady();
    }

    public void KillAll()
    {
        for (var silo = 0; silo < Cluster.Options.SiloCount; silo++)
        {
            Cluster.KillSilo(silo);
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

/// <summary>Which events were logged as warnings and errors.</summary>
internal sealed class EventIdLog : ILoggerProvider, ILogger
{
    public List<int> Ids { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            Ids.Add(eventId.Id);
        }
    }

    public void Dispose()
    {
        // holds nothing
    }
}
