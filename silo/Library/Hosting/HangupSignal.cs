using System.Runtime.InteropServices;

namespace GrainMQ.Silo.Hosting;

/// <summary>Reads files again when SIGHUP comes, which would end the process otherwise: a terminal that closes sends it too.</summary>
internal sealed class HangupSignal : IDisposable
{
    private readonly PosixSignalRegistration _signal;

    /// <param name="reload">Called for every signal.</param>
    public HangupSignal(Action reload) => _signal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
    {
        context.Cancel = true;
        reload();
    });

    public void Dispose() => _signal.Dispose();
}
