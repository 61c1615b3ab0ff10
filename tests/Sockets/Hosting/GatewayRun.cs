using System.Diagnostics;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>The broker as a process of its own, killed with the test when it has not ended by then.</summary>
internal sealed class GatewayRun : IDisposable
{
    public static readonly string Product = Path.Combine(AppContext.BaseDirectory, "GrainMQ.Gateway.dll");

    private readonly Process _process;
    private readonly Task<string> _error;

    private GatewayRun(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public static GatewayRun Start(params string[] arguments) => Start(new Dictionary<string, string>(), arguments);

    public static GatewayRun Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Product, .. WithoutFiles(arguments)]);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Start(start);
    }

    /// <summary>With a limit of open files, as <c>ulimit -n</c> sets it.</summary>
    public static GatewayRun StartLimited(int files, params string[] arguments) =>
        Start(new ProcessStartInfo("sh", ["-c", $"ulimit -n {files}; exec dotnet \"$@\"", "sh", Product, .. WithoutFiles(arguments)]));

    /// <summary>With a limit of a file's size in blocks of 512 bytes, beyond which writing fails, as <c>ulimit -f</c> sets it.</summary>
    public static GatewayRun StartSmallFiles(int blocks, params string[] arguments)
    {
        var start = new ProcessStartInfo("sh", ["-c", $"trap '' XFSZ; ulimit -f {blocks}; exec dotnet \"$@\"", "sh", Product, .. WithoutFiles(arguments)]);
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // which would need a large file of its own
        return Start(start);
    }

    /// <summary>Brokers that are not asked for a directory of their own must not share one.</summary>
    private static IEnumerable<string> WithoutFiles(string[] arguments) =>
        arguments.Intersect(["--data", "--durability", "passwd"]).Any() ? arguments : ["--durability", "memory", .. arguments];

    private static GatewayRun Start(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        return new(Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start."));
    }

    /// <summary>Reads the output up to the line of a listener and returns its <c>ADDRESS:PORT</c>.</summary>
    public async Task<string> EndPointAsync(string listener)
    {
        while (await _process.StandardOutput.ReadLineAsync().OrStuck($"the banner's line of {listener}") is { } line)
        {
            if (line.StartsWith($"  {listener} ", StringComparison.Ordinal))
                return new Uri(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]).Authority;
        }
        throw new InvalidOperationException($"The broker ended: {await _error}");
    }

    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync().OrStuck("a line of the broker");

    public void Signal(string name)
    {
        using var kill = Process.Start("sh", ["-c", $"kill -{name} {Id}"]);
        kill.WaitForExit();
    }

    /// <returns>The exit code and everything on standard error.</returns>
    public async Task<(int Code, string Error)> EndAsync()
    {
        await _process.WaitForExitAsync().OrStuck("the broker's end");
        return (_process.ExitCode, await _error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit(); // its files are closed then
        _process.Dispose();
    }
}
