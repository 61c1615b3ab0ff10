using System.Collections.Concurrent;
using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.LogStore;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace GrainMQ.Tests.Grains.Suites;

/// <summary>
/// The grains in the simulation: three silos, paranoid, with a clock that stands still. Journals are in memory, or in the given logs.
/// </summary>
internal sealed class SimulatedGrainCluster : IGrainCluster
{
    private readonly ServiceProvider _services;
    private readonly ErrorLog _errors = new();

    /// <param name="configure">The grains' own options.</param>
    /// <param name="logs">Where the shards are kept; null: in memory.</param>
    /// <param name="simulate">Changes how the simulation behaves.</param>
    public SimulatedGrainCluster(Action<GrainOptions> configure, ILogStore? logs = null, Action<SimulatedClusterOptions>? simulate = null)
    {
        var services = new ServiceCollection();
        if (logs is not null)
        {
            services.AddSingleton(logs);
        }

        _services = services
            .AddLogging(logging => logging.AddProvider(_errors))
            .AddSingleton<TimeProvider>(Time)
            .AddGrainMqGrains(configure)
            .AddSimulatedGrains(typeof(ISessionGrain).Assembly)
            .Configure<SimulatedClusterOptions>(options => (options.SiloCount, options.Paranoid) = (Silos, true))
            .Configure<SimulatedClusterOptions>(options => simulate?.Invoke(options))
            .BuildServiceProvider();
        Simulation = _services.GetRequiredService<SimulatedCluster>();
    }

    public SimulatedCluster Simulation { get; }

    public IServiceProvider Services => _services;

    public IGrainFactory Client => Simulation.Grains;

    public ManualTimeProvider Time { get; } = new();

    public int Silos => 3;

    public void KillSilo(int silo) => Simulation.KillSilo(silo);

    public void StartSilo(int silo) => Simulation.StartSilo(silo);

    public void ForceSecondActivation(IGrain grain, TimeSpan duration) => Simulation.ForceSecondActivation(grain, duration);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync(); // kills the silos: polls may hang, and the clock stands still
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
            {
                Messages.Enqueue($"{formatter(state, exception)} {exception}");
            }
        }

        public void Dispose()
        {
            // holds nothing but what the test still wants to see
        }
    }
}
