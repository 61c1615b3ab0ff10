using GrainMQ.Grains.Directory;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.Retained;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Codec;
using GrainMQ.Grains.Sessions.State;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace GrainMQ.Grains;

/// <summary>Adds what the grains need to the services of their process.</summary>
public static class GrainServiceCollectionExtensions
{
    /// <summary>
    /// Adds the grains' options (checked at start-up), metrics, journals (in the <see cref="ILogStore"/> of the services; in memory if there is
    /// none) and, unless there is one, the system's clock. Orleans finds the grain classes itself.
    /// </summary>
    /// <param name="services">The services of the process.</param>
    /// <param name="configure">Changes the defaults; null changes nothing.</param>
    public static IServiceCollection AddGrainMqGrains(this IServiceCollection services, Action<GrainOptions>? configure = null)
    {
        services.AddMetrics();
        services.AddOptions<GrainOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GrainOptions>, GrainOptionsValidator>());
        if (configure is not null)
        {
            services.Configure(configure);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<SteadyClock>();
        services.TryAddSingleton<GrainMetrics>();
        services.TryAddSingleton<SiloStop>();
        services.TryAddSingleton<IJournalStore<DirectoryRecord, DirectoryRecord>>(provider => JournalsOf(provider, new DirectoryCodec()));
        services.TryAddSingleton<IJournalStore<SessionSnapshot, SessionChange>>(provider => JournalsOf(provider, new SessionCodec()));
        services.TryAddSingleton<IJournalStore<RetainSnapshot, RetainChange>>(provider => JournalsOf(provider, new RetainCodec()));
        return services;
    }

    private static IJournalStore<TSnapshot, TChange> JournalsOf<TSnapshot, TChange>(
        IServiceProvider provider, IShardCodec<TSnapshot, TChange> codec)
        where TSnapshot : class
        where TChange : class =>
        provider.GetService<ILogStore>() is { } logs
            ? new LogJournalStore<TSnapshot, TChange>(logs, codec, provider.GetRequiredService<TimeProvider>())
            : new MemoryJournalStore<TSnapshot, TChange>();

    private sealed class GrainOptionsValidator : IValidateOptions<GrainOptions>
    {
        public ValidateOptionsResult Validate(string? name, GrainOptions options)
        {
            var errors = options.Errors().ToArray();
            return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
