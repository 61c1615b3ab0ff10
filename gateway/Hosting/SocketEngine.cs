namespace GrainMQ.Gateway.Hosting;

/// <summary>
/// Configures how .NET waits for sockets. A read continues on the thread that saw it ready instead of being handed to the thread pool: nothing on
/// the path from a read to the last write blocks, and a hand-over costs more than parsing and routing a message (docs/benchmarks.md).
/// Half as many waiting threads as cores, so that events come in batches and the grains have the other half.
/// </summary>
internal static class SocketEngine
{
    private const string Inline = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string Threads = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    /// <summary>Sets the variables that the environment does not set already; .NET reads them when the first socket is made.</summary>
    public static void Configure()
    {
        SetDefault(Inline, "1");
        SetDefault(Threads, Math.Max(1, Environment.ProcessorCount / 2).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private static void SetDefault(string name, string value)
    {
        if (Environment.GetEnvironmentVariable(name) is null)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}
