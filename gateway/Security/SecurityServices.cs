using Microsoft.Extensions.DependencyInjection;

namespace GrainMQ.Gateway.Security;

/// <summary>Adds the chain of authenticators in its order, as the options say.</summary>
internal static class SecurityServices
{
    public static IServiceCollection AddSecurity(this IServiceCollection services, SecurityOptions options, TimeSpan timeout)
    {
        services.AddSingleton<Authenticators>();
        services.AddSingleton<IAuthenticator, CertificateAuthenticator>();
        if (options.PasswordFile is not null)
        {
            services.AddSingleton<PasswordFileWatch>();
            services.AddSingleton(provider => provider.GetRequiredService<PasswordFileWatch>().Users);
            services.AddSingleton(provider => new PasswordChecks(
                options.PasswordChecks > 0 ? options.PasswordChecks : Math.Max(1, Environment.ProcessorCount / 2),
                timeout,
                provider.GetRequiredService<TimeProvider>()));
            services.AddSingleton<IAuthenticator, PasswordAuthenticator>();
            services.AddSingleton<IEnhancedAuthenticator, ScramAuthenticator>();
        }

        return services;
    }
}
