using System.Diagnostics;
using System.Globalization;
using System.Net;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>The broker in a process of its own, and what it uses (Linux).</summary>
internal sealed class BrokerProcess : IDisposable
{
    private readonly Process _process;
    private readonly Dictionary<string, IPEndPoint> _listeners;

    private BrokerProcess(Process process, Dictionary<string, IPEndPoint> listeners) => (_process, _listeners) = (process, listeners);

    public TimeSpan Processor
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public long ResidentBytes => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture) * 1024;

    public int Descriptors => Directory.GetFiles($"/proc/{_process.Id}/fd").Length;

    /// <param name="arguments">Every listener that is to be asked for has port 0.</param>
    public static async Task<BrokerProcess> StartAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "GrainMQ.Gateway.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        var listeners = new Dictionary<string, IPEndPoint>();
        var expected = arguments.Count(argument => argument.EndsWith(":0", StringComparison.Ordinal));
        while (listeners.Count < expected)
        {
            var line = await process.StandardOutput.ReadLineAsync().OrStuck("the banner") ?? throw new InvalidOperationException("The broker ended.");
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var name, var address] && Uri.TryCreate(address, UriKind.Absolute, out var uri))
            {
                listeners[name] = IPEndPoint.Parse(uri.Authority);
            }
        }

        _ = ShowAsync(process.StandardOutput);
        return new BrokerProcess(process, listeners);
    }

    private static async Task ShowAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            Console.WriteLine(line);
        }
    }

    public IPEndPoint EndPoint(string listener) => _listeners[listener];

    /// <summary>Completes when the broker has done all there was to do: for a second it used next to no processor time and its memory stood still.</summary>
    public async Task CalmAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var (processor, resident) = (Processor, ResidentBytes);
        while (await timer.WaitForNextTickAsync())
        {
            var (processorNow, residentNow) = (Processor, ResidentBytes);
            if (processorNow - processor <= TimeSpan.FromMilliseconds(20) && Math.Abs(residentNow - resident) <= 256 * 1024)
            {
                return;
            }

            (processor, resident) = (processorNow, residentNow);
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit(); // its ports and its data directory are free
        _process.Dispose();
    }
}
