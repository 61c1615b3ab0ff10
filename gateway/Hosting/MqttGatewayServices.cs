using GrainMQ.Gateway.Hosting.Listeners;
using GrainMQ.Gateway.Security;
using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GrainMQ.Gateway.Hosting;

/// <summary>The composition root: everything that a gateway is made of, for the broker's own process and for a host application.</summary>
public static class MqttGatewayServices
{
    /// <summary>
    /// Adds a gateway with the grain engine that this build was compiled for. It starts and stops with the host. The options are
    /// read during start-up and must not be written afterwards; each area's class can be injected by itself.
    /// </summary>
    public static IServiceCollection AddMqttGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        AddOptions(services, options);
        AddData(services, options);
        services.AddGrainMqGrains();
        services.AddSingleton(Options.Create(options.Grains)); // wins over the options framework's own instance
#if GRAIN_ENGINE_ORLEANS
        services.AddClusterGrains();
#else
        services.AddEmbeddedGrains(typeof(ISessionGrain).Assembly);
#endif
        services.AddSecurity(options.Security);
        services.AddDataPlane();
        services.AddSingleton<ListenerFactory>();
        services.AddSingleton<StoredShards>();
        services.AddSingleton<GatewayService>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<GatewayService>()); // last: listeners open when the rest is ready
        return services;
    }

    private static void AddData(IServiceCollection services, GatewayOptions options)
    {
        if (options.Data.EffectiveDirectory is not null)
            services.AddSingleton<DataDirectory>();
        if (options.Data.Durability != Durability.File)
            return;
        services.AddSingleton<LogMetrics>();
        services.AddSingleton<ILogStore>(provider => LogStore.OnFiles(
            provider.GetRequiredService<DataDirectory>().Lock, options.Store, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<LogStore>>(), provider.GetRequiredService<LogMetrics>()));
    }

    private static void AddOptions(IServiceCollection services, GatewayOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(options.Tls);
        services.AddSingleton(options.Quic);
        services.AddSingleton(options.Security);
        services.AddSingleton(options.Connections);
        services.AddSingleton(options.Outbound);
        services.AddSingleton(options.Memory);
        services.AddSingleton(options.Delivery);
        services.AddSingleton(options.Data);
        services.AddSingleton(options.Log);
    }
}
