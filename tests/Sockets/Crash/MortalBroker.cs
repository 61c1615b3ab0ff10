using System.Net;
using GrainMQ.Tests.Sockets.Processes;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Sockets.Crash;

/// <summary>The broker as a process on one port and one data directory, killed and started again without a word to its clients.</summary>
internal sealed class MortalBroker(params string[] arguments) : IAsyncDisposable
{
    private readonly TemporaryDirectory _data = new();
    private ProcessRun? _run;
    private TaskCompletionSource<IPEndPoint> _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _port;

    /// <summary>Completes when the broker listens.</summary>
    public Task<IPEndPoint> Up => Volatile.Read(ref _up).Task;

    public string Data => _data.Path;

    public async Task StartAsync()
    {
        _run = GatewayRun.Start(["--tcp", $"127.0.0.1:{_port}", "--ws", "none", "--data", _data.Path, .. arguments]);
        var endPoint = IPEndPoint.Parse(await _run.EndPointAsync("tcp"));
        _port = endPoint.Port;
        _up.SetResult(endPoint);
    }

    /// <summary>SIGKILL: nothing is flushed, no client is told.</summary>
    public async Task KillAsync()
    {
        Volatile.Write(ref _up, new TaskCompletionSource<IPEndPoint>(TaskCreationOptions.RunContinuationsAsynchronously));
        _run!.Signal("KILL"); // StartAsync ran
        await _run.EndAsync();
        _run.Dispose();
        _run = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_run is not null)
        {
            await KillAsync();
        }

        _data.Dispose();
    }
}
