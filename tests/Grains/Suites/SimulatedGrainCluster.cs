using System.Collections.Concurrent;
using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Storage;
using GrainMQ.Silo.Embedded;
using GrainMQ.Tests.Grains.Suites;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;
using Xunit;

namespace GrainMQ.Tests.Grains.Embedded;

/// <summary>
/// The grains on the engine of one process: three virtual silos, paranoid, with a clock that stands still. Journals are in memory, or in
/// the given logs.
/// </summary>
internal sealed class EmbeddedGrainCluster : IGrainCluster
{
    private readonly ServiceProvider _services;
    private readonly ErrorLog _errors = new();

    public EmbeddedGrainCluster(Action<GrainOptions> configure, FaultPlan? faults = null, ILogStore? logs = null)
    {
        var services = new ServiceCollection();
        if (logs is not null)
            services.AddSingleton(logs);
        _services = services
            .AddLogging(logging => logging.AddProvider(_errors))
            .AddSingleton<TimeProvider>(Time)
            .AddGrainMqGrains(configure)
            .AddEmbeddedGrains(typeof(ISessionGrain).Assembly)
            .Configure<EmbeddedClusterOptions>(options => (options.SiloCount, options.Paranoid, options.Faults) = (Silos, true, faults))
            .BuildServiceProvider();
        Engine = _services.GetRequiredService<EmbeddedCluster>();
    }

    public EmbeddedCluster Engine { get; }

    public IServiceProvider Services => _services;

    public IGrainFactory Client => Engine;

    public ManualTimeProvider Time { get; } = new();

    public int Silos => 3;

    public void KillSilo(int silo) => Engine.KillSilo(silo);

    public void StartSilo(int silo) => Engine.StartSilo(silo);

    public void ForceSecondActivation(IGrain grain, TimeSpan duration) => Engine.ForceSecondActivation(grain, duration);

    public async ValueTask DisposeAsync()
    {
        for (var silo = 0; silo < Silos; silo++)
            Engine.KillSilo(silo); // polls may hang, and the clock stands still: nobody would let them go
        await Engine.DisposeAsync();
        await _services.DisposeAsync();
        Assert.Empty(_errors.Messages);
    }

    /// <summary>An error that a test did not expect fails it.</summary>
    private sealed class ErrorLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Messages { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                Messages.Enqueue($"{formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
            // holds nothing but what the test still wants to see
        }
    }
}
