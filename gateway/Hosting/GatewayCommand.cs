using System.CommandLine;

namespace GrainMQ.Gateway.Hosting;

/// <summary>The command line: the root command is the broker.</summary>
public static class GatewayCommand
{
    public static Task<int> RunAsync(string[] args) => new RootCommand("GrainMQ, an MQTT broker.").Parse(args).InvokeAsync();
}
