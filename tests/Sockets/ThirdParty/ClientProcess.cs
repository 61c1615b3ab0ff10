using System.Diagnostics;
using System.Threading.Channels;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Sockets.ThirdParty;

/// <summary>A program under test's eyes: its output as lines while it runs, its exit code, and its end with the test at the latest.</summary>
internal sealed class ClientProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly Task<string> _errors;
    private readonly Task _reading;

    private ClientProcess(Process process)
    {
        _process = process;
        _reading = ReadLinesAsync();
        _errors = process.StandardError.ReadToEndAsync();
    }

    public static ClientProcess Start(string program, IEnumerable<string> arguments, string input = "")
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        return new ClientProcess(process);
    }

    /// <summary>The next line of its output; null when there is none left and none will come.</summary>
    public async Task<string?> TryReadLineAsync() =>
        await _lines.Reader.WaitToReadAsync().AsTask().OrStuck("a line of a client") && _lines.Reader.TryRead(out var line) ? line : null;

    /// <summary>The next line of its output; throws when it has ended without one.</summary>
    public async Task<string> ReadLineAsync() =>
        await TryReadLineAsync() ?? throw new InvalidOperationException($"The client has ended: {await _errors}");

    /// <summary>What is left of its output when it has ended by itself with one of these exit codes.</summary>
    public async Task<string[]> EndAsync(params int[] codes)
    {
        await _process.WaitForExitAsync().OrStuck("a client to end");
        await _reading;
        if (!codes.Contains(_process.ExitCode) && !(codes.Length == 0 && _process.ExitCode == 0))
        {
            throw new InvalidOperationException($"The client ended with exit code {_process.ExitCode}: {await _errors}");
        }

        var lines = new List<string>();
        while (_lines.Reader.TryRead(out var line))
        {
            lines.Add(line);
        }

        return [.. lines];
    }

    /// <summary>Ends it as a crash would: no packet is sent, the kernel closes its sockets.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task ReadLinesAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            _lines.Writer.TryWrite(line);
        }

        _lines.Writer.Complete();
    }
}
