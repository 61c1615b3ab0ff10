using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace GrainMQ.Silo.Hosting;

/// <summary>
/// Ends the process at once when a second SIGINT (Ctrl+C), SIGTERM or SIGQUIT comes. The host's ConsoleLifetime stops it in order at the first one and
/// ignores all others, but an operator who sends another no longer wants to wait.
/// </summary>
internal sealed class SecondSignal : IDisposable
{
    private readonly CancellationTokenRegistration _stopping;
    private PosixSignalRegistration[] _signals = [];

    public SecondSignal(IHostApplicationLifetime application) => _stopping = application.ApplicationStopping.Register(() =>
        _signals = [End(PosixSignal.SIGINT, 2), End(PosixSignal.SIGQUIT, 3), End(PosixSignal.SIGTERM, 15)]);

    public void Dispose()
    {
        _stopping.Dispose();
        foreach (var signal in _signals)
        {
            signal.Dispose();
        }
    }

    // 128 + number is the shell's convention for an exit by signal.
    private static PosixSignalRegistration End(PosixSignal signal, int number) =>
        PosixSignalRegistration.Create(signal, _ => Environment.Exit(128 + number));
}
