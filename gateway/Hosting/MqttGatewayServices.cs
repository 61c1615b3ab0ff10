using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Logging;
using GrainMQ.Gateway.Security;
using GrainMQ.Silo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting;

/// <summary>Adds everything that a gateway is made of: the composition root of the broker's own process and of a host application.</summary>
public static class MqttGatewayServices
{
    /// <summary>
    /// Adds a gateway, and with role <see cref="GatewayRole.All"/> the silo that it uses. They start and stop with the host. The options are
    /// read during start-up and must not be written afterwards; each area's class can be injected by itself.
    /// </summary>
    public static IServiceCollection AddMqttGateway(this IServiceCollection services, GatewayOptions options)
    {
        if (options.Cluster.Role == GatewayRole.All)
        {
            services.AddGrainMqSilo(options.ToSilo());
        }
        else
        {
            services.AddClusterClient(options.Cluster);
        }

        return services.AddMqttDataPlane(options);
    }

    /// <summary>Adds a gateway without its grains: an <see cref="Orleans.IGrainFactory"/> is among the services.</summary>
    public static IServiceCollection AddMqttDataPlane(this IServiceCollection services, GatewayOptions options)
    {
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<LogLimiter>();
        services.Replace(ServiceDescriptor.Singleton(typeof(ILogger<>), typeof(LimitedLogger<>)));
        AddOptions(services, options);
        services.AddSecurity(options.Security, options.Connections.ConnectTimeout);
        services.AddDataPlane();
        services.AddSingleton<ListenerFactory>();
        services.AddSingleton<FileReload>();
        services.AddSingleton<GatewayService>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<GatewayService>()); // last: listeners open when the rest is ready
        return services;
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
        services.AddSingleton(options.Log);
    }
}
