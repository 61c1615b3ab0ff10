using System.Diagnostics;

namespace GrainMQ.Tests.Sockets.Processes;

/// <summary>The broker, or a gateway alone, as a process of its own.</summary>
internal static class GatewayRun
{
    public static readonly string Product = Path.Combine(AppContext.BaseDirectory, "GrainMQ.Gateway.dll");

    public static ProcessRun Start(params string[] arguments) => Start(new Dictionary<string, string>(), arguments);

    public static ProcessRun Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Product, .. WithoutFiles(arguments)]);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return ProcessRun.Start(start);
    }

    /// <summary>With a limit of open files, as <c>ulimit -n</c> sets it.</summary>
    public static ProcessRun StartLimited(int files, params string[] arguments) =>
        ProcessRun.Start(new ProcessStartInfo("sh", ["-c", $"ulimit -n {files}; exec dotnet \"$@\"", "sh", Product, .. WithoutFiles(arguments)]));

    /// <summary>With a limit of a file's size in blocks of 512 bytes, beyond which writing fails, as <c>ulimit -f</c> sets it.</summary>
    public static ProcessRun StartSmallFiles(int blocks, params string[] arguments)
    {
        var start = new ProcessStartInfo("sh", ["-c", $"trap '' XFSZ; ulimit -f {blocks}; exec dotnet \"$@\"", "sh", Product, .. WithoutFiles(arguments)]);
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // which would need a large file of its own
        return ProcessRun.Start(start);
    }

    /// <summary>Brokers that are not asked for a directory of their own must not share one.</summary>
    private static IEnumerable<string> WithoutFiles(string[] arguments) =>
        arguments.Intersect(["--data", "--durability", "--role", "passwd"]).Any() ? arguments : ["--durability", "memory", .. arguments];
}
