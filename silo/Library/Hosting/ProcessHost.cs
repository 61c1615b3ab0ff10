using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Silo.Hosting;

/// <summary>Runs a process of GrainMQ: a host without any default source of configuration, which ends by signal.</summary>
/// <param name="name">Name of the command; begins each error line.</param>
/// <param name="log">Configures the log.</param>
/// <param name="error">Takes error lines.</param>
/// <param name="explain">Says what an exception of the start means to the operator; null when it cannot say more than the exception.</param>
internal sealed class ProcessHost(string name, LogOptions log, TextWriter error, Func<Exception, StartupException?>? explain = null)
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);

    /// <param name="configure">Adds what the process is made of.</param>
    /// <param name="started">Called when all of it has started.</param>
    /// <param name="hangUp">Called for every SIGHUP once all of it has started; null does nothing then. Before, the signal is ignored.</param>
    /// <returns>0 after an orderly stop, 1 when it could not start; the cause is then one line on the error output.</returns>
    public async Task<int> RunAsync(
        Action<IServiceCollection> configure, Action<IServiceProvider> started, Action<IServiceProvider>? hangUp = null)
    {
        try
        {
            if (DescriptorLimit.Fault(DescriptorLimit.Value) is { } fault)
            {
                throw new StartupException(fault);
            }

            IServiceProvider? running = null;
            using var hangup = new HangupSignal(() =>
            {
                if (Volatile.Read(ref running) is { } services)
                {
                    hangUp?.Invoke(services);
                }
            });
            using var host = Build(configure);
            using var second = new SecondSignal(host.Services.GetRequiredService<IHostApplicationLifetime>());
            if (!await StartAsync(host))
            {
                return 0;
            }

            ConsoleLogging.HasStarted();
            started(host.Services);
            Volatile.Write(ref running, host.Services);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true); // what only the start needed goes back to the system
            await host.WaitForShutdownAsync();
            Volatile.Write(ref running, null);
            return 0;
        }
        catch (StartupException e)
        {
            error.WriteLine($"{name}: {e.Message}");
            if (log.Level <= LogLevel.Debug)
            {
                error.WriteLine(e);
            }

            return 1;
        }
    }

    private IHost Build(Action<IServiceCollection> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        ConsoleLogging.Configure(builder.Logging, log);
        builder.Services.Configure<ConsoleLifetimeOptions>(lifetime => lifetime.SuppressStatusMessages = true); // the banner tells what has started
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        configure(builder.Services);
        return builder.Build();
    }

    /// <returns>False after a signal that came while it started.</returns>
    private async Task<bool> StartAsync(IHost host)
    {
        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        try
        {
            await host.StartAsync();
            return true;
        }
        catch (Exception e)
        {
            var isStopped = stopping.IsCancellationRequested;
            await StopAsync(host); // what has started must not be cut off by the end of the process
            if (isStopped)
            {
                return false;
            }

            throw StartupException.In(e) ?? explain?.Invoke(e) ?? e;
        }
    }

    private static async Task StopAsync(IHost host)
    {
        try
        {
            await host.StopAsync();
        }
        catch (Exception)
        {
            // it did not start, and why is told by what is thrown after this
        }
    }
}
