using System.Diagnostics;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Sockets.Processes;

/// <summary>A part of the product as a process of its own, killed with the test when it has not ended by then.</summary>
internal sealed class ProcessRun : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _error;

    private ProcessRun(Process process, IReadOnlySet<string> inherited)
    {
        (_process, Inherited) = (process, inherited);
        _error = process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    /// <summary>
    /// The sockets that it may have of this process, by the kernel's numbers: libmsquic lets a program that is started inherit the listeners of
    /// the brokers that run here. They come and go, so those before the start and those after it count.
    /// </summary>
    public IReadOnlySet<string> Inherited { get; }

    public static ProcessRun Start(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        var sockets = OpenPorts.SocketsHere().ToHashSet();
        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        sockets.UnionWith(OpenPorts.SocketsHere());
        return new(process, sockets);
    }

    /// <summary>Reads the output up to the line of a listener and returns its <c>ADDRESS:PORT</c>.</summary>
    public async Task<string> EndPointAsync(string listener)
    {
        var words = (await LineAsync(line => line.StartsWith($"  {listener} ", StringComparison.Ordinal), $"the banner's line of {listener}"))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words[1].Contains("://", StringComparison.Ordinal) ? new Uri(words[1]).Authority : words[1];
    }

    /// <summary>Reads the output up to a line.</summary>
    public async Task<string> LineAsync(Predicate<string> isIt, string what)
    {
        while (await _process.StandardOutput.ReadLineAsync().OrStuck(what) is { } line)
        {
            if (isIt(line))
            {
                return line;
            }
        }
        throw new InvalidOperationException($"The process ended before {what}: {await _error}");
    }

    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync().OrStuck("a line of the process");

    /// <summary>What is left of its output, when it has ended.</summary>
    public Task<string> ReadToEndAsync() => _process.StandardOutput.ReadToEndAsync().OrStuck("the end of the output");

    public void Signal(string name)
    {
        using var kill = Process.Start("sh", ["-c", $"kill -{name} {Id}"]);
        kill.WaitForExit();
    }

    /// <returns>The exit code and everything on standard error.</returns>
    public async Task<(int Code, string Error)> EndAsync()
    {
        await _process.WaitForExitAsync().OrStuck("the end of the process");
        return (_process.ExitCode, await _error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit(); // its files are closed then
        _process.Dispose();
    }
}
