using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace GrainMQ.Silo;

/// <summary>Where the defaults of Orleans do not suit this broker.</summary>
internal static class SiloTuning
{
    /// <param name="silo">To be configured.</param>
    /// <param name="isAlone">It has no other silo and no client to tell anything.</param>
    public static void Configure(ISiloBuilder silo, bool isAlone)
    {
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, SiloStopSignal>();
        silo.Configure<GrainCollectionOptions>(options =>
        {
            // Activating a shard reads its whole log; a time-out would let a large one never start.
            options.ActivationTimeout = TimeSpan.FromHours(12);
            // Longer than a stop may last is of no use.
            options.DeactivationTimeout = TimeSpan.FromSeconds(4);
        });
        silo.Configure<SiloMessagingOptions>(options =>
        {
            // A stop has 5 seconds. By default Orleans waits 2 s for messages to leave and 30 s for clients to learn of it.
            options.WaitForMessageToBeQueuedForOutboundTime = isAlone ? TimeSpan.Zero : TimeSpan.FromMilliseconds(100);
            options.ClientGatewayShutdownNotificationTimeout = TimeSpan.FromMilliseconds(500);
        });
    }
}
