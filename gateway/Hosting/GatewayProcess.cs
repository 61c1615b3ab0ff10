using GrainMQ.Gateway.Configuration;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace GrainMQ.Gateway.Hosting;

/// <summary>Runs the broker, or a gateway alone, as a process.</summary>
internal static class GatewayProcess
{
    /// <returns>0 after an orderly stop, 1 when it could not start; the cause is then one line on <paramref name="error"/>.</returns>
    public static Task<int> RunAsync(GatewayOptions options, TextWriter output, TextWriter error) =>
        new ProcessHost("grainmq", options.Log, error).RunAsync(
            services => services.AddMqttGateway(options), services => Banner.Show(services, options, output),
            services => services.GetRequiredService<FileReload>().Run());
}
