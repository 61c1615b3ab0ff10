using GrainMQ.Silo.Embedded;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;

namespace GrainMQ.Tests.Embedded;

/// <summary>A cluster with the grains of this assembly, a clock that stands still, and a journal.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public TestCluster(Action<EmbeddedClusterOptions>? configure = null)
    {
        _services = new ServiceCollection()
            .AddSingleton(Journal)
            .AddSingleton<TimeProvider>(Time)
            .AddLogging(logging => logging.AddProvider(Log))
            .Configure<EmbeddedClusterOptions>(options => configure?.Invoke(options))
            .AddEmbeddedGrains(typeof(TestCluster).Assembly)
            .BuildServiceProvider();
        Cluster = _services.GetRequiredService<EmbeddedCluster>();
    }

    public ManualTimeProvider Time { get; } = new();

    public Journal Journal { get; } = new();

    public LogJournal Log { get; } = new();

    public EmbeddedCluster Cluster { get; }

    public T Grain<T>(string key) where T : IGrainWithStringKey => Cluster.GetGrain<T>(key);

    public T Grain<T>(long key) where T : IGrainWithIntegerKey => Cluster.GetGrain<T>(key);

    public ValueTask DisposeAsync()
    {
        Journal.OpenAll();
        return _services.DisposeAsync();
    }
}

/// <summary>Keeps what was logged: <c>5103 A timer of …</c>.</summary>
public sealed class LogJournal : ILoggerProvider, ILogger
{
    public Journal Journal { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) Journal.Write($"{eventId.Id}");
    }

    public void Dispose()
    {
    }
}
