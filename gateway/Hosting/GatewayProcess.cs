using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting;

/// <summary>The broker as a process: a host without any default source of configuration, which ends by signal.</summary>
internal static class GatewayProcess
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);

    /// <returns>0 after an orderly stop, 1 when it could not start; the cause is then one line on <paramref name="error"/>.</returns>
    public static async Task<int> RunAsync(GatewayOptions options, TextWriter output, TextWriter error)
    {
        try
        {
            using var host = Build(options);
            var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
            try
            {
                await host.StartAsync();
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return 0; // a signal, while the files were read
            }
            var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(Banner));
            Banner.Show(host.Services.GetRequiredService<GatewayService>(), options, output, logger);
            await host.WaitForShutdownAsync();
            return 0;
        }
        catch (StartupException e)
        {
            error.WriteLine($"grainmq: {e.Message}");
            if (options.Log.Level <= LogLevel.Debug)
                error.WriteLine(e);
            return 1;
        }
    }

    private static IHost Build(GatewayOptions options)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        GatewayLogging.Configure(builder.Logging, options.Log);
        builder.Services.AddSingleton<IHostLifetime, SignalLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddMqttGateway(options);
        return builder.Build();
    }
}
