using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Handlers;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GrainMQ.Gateway.Hosting;

/// <summary>Adds the data plane from the socket to the grains, each part once per gateway.</summary>
internal static class DataPlaneServices
{
    public static IServiceCollection AddDataPlane(this IServiceCollection services)
    {
        services.AddMetrics();
        services.TryAddSingleton<SteadyClock>();
        AddRouting(services);
        AddDelivery(services);
        AddConnections(services);
        AddHandlers(services);
        return services;
    }

    private static void AddRouting(IServiceCollection services)
    {
        services.AddSingleton<LocalTrie<Subscribers>>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<SubscriptionIndex>(
            provider, provider.GetRequiredService<DeliveryOptions>().ShareStrategy));
        services.AddSingleton<Router>();
    }

    private static void AddDelivery(IServiceCollection services)
    {
        services.AddSingleton<DeliveryLimits>();
        services.AddSingleton<SessionRegistry>();
        services.AddSingleton<Publisher>();
        services.AddSingleton<IMessagePublisher>(static provider => provider.GetRequiredService<Publisher>());
        services.AddSingleton<GrainCalls>();
        services.AddSingleton<StoreShards>();
        services.AddSingleton<StoredSubscriptions>();
        services.AddSingleton<Wills>();
        services.AddSingleton<SessionHandover>();
        services.AddSingleton<EndedQueueHandover>();
        services.AddSingleton<SessionCloser>();
        services.AddSingleton<SessionOpener>();
        services.AddSingleton<IStoreListener, StoredSessions>();
        services.AddSingleton<GrainLink>();
        services.AddSingleton<RetainedMessages>();
        services.AddSingleton<StoreLanes>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<DirectoryClient>(
            provider, provider.GetRequiredService<GatewayOptions>().Cluster.Role == GatewayRole.All, () => provider.GetRequiredService<ConnectionRegistry>().Count));
        services.AddSingleton<QueueReader>();
        services.AddSingleton<Func<int, QueueLane>>(provider => shard => ActivatorUtilities.CreateInstance<QueueLane>(
            provider, provider.GetRequiredService<StoreShards>()[shard], provider.GetRequiredService<DirectoryClient>().Self));
        services.AddSingleton<Func<int, ProgressLane>>(provider => shard => ActivatorUtilities.CreateInstance<ProgressLane>(
            provider, provider.GetRequiredService<StoreShards>()[shard], provider.GetRequiredService<DirectoryClient>().Self));
        services.AddSingleton<Func<int, RetainLane>>(provider => shard => ActivatorUtilities.CreateInstance<RetainLane>(
            provider, provider.GetRequiredService<IGrainFactory>().GetGrain<IRetainGrain>(shard), SessionRegistry.Tenant,
            provider.GetRequiredService<DirectoryClient>().Self));
        services.AddSingleton<Func<int, StorePoller>>(provider => shard => ActivatorUtilities.CreateInstance<StorePoller>(provider, shard));
    }

    private static void AddConnections(IServiceCollection services)
    {
        services.AddSingleton<TimerWheel>();
        services.AddSingleton<GatewayMetrics>();
        services.AddSingleton<ConnectionRegistry>();
        services.TryAddSingleton<IProcessMemory, ProcessMemory>();
        services.AddSingleton<ReadBudgets>();
        services.AddSingleton<MemoryGuard>();
        services.AddSingleton<ConnectionEnvironment>(provider => ActivatorUtilities.CreateInstance<ConnectionEnvironment>(provider));
        services.AddSingleton<IConnectionHandler, ConnectionHandler>();
    }

    private static void AddHandlers(IServiceCollection services)
    {
        services.AddSingleton<ConnectTerms>();
        services.AddSingleton<ConnackEncoder>();
        services.AddSingleton<ConnectExchange>();
        services.AddSingleton<ConnectHandler>();
        services.AddSingleton<DisconnectHandler>();
        services.AddSingleton<AuthHandler>();
        services.AddSingleton<PublishHandler>();
        services.AddSingleton<SubscribeHandler>();
        services.AddSingleton<UnsubscribeHandler>();
        services.AddSingleton<PacketDispatcher>();
        services.AddSingleton<IConnectionProtocol, ReadDispatcher>();
    }
}
