using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>
/// A client that publishes to itself 200 times a second on plain TCP, and how long each message takes to come back. It has a thread of
/// its own and reads with blocking calls, so that it measures the broker rather than the pool of its own process.
/// </summary>
internal sealed class LatencyProbe : IDisposable
{
    private const int ConnackSize = 4, SubackSize = 5;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private List<double> _milliseconds = [];
    private (int Count, TaskCompletionSource Reached) _awaited = (int.MaxValue, new());

    public LatencyProbe(int port)
    {
        _socket.Connect(IPAddress.Loopback, port);
        Exchange(ClientPackets.Connect(ProtocolVersion.Mqtt311, "probe"), ConnackSize);
        Exchange(ClientPackets.Subscribe(1, "probe", version: ProtocolVersion.Mqtt311), SubackSize);
        _thread = new Thread(Run) { IsBackground = true, Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    /// <summary>Forgets what was measured.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            _milliseconds = [];
        }
    }

    /// <summary>Completes when so many round trips have been measured since <see cref="Reset"/>.</summary>
    public Task MeasuredAsync(int roundTrips)
    {
        lock (_gate)
        {
            _awaited = (roundTrips, new(TaskCreationOptions.RunContinuationsAsynchronously));
            return _awaited.Reached.Task;
        }
    }

    public string Summary()
    {
        lock (_gate)
        {
            return new Latencies(_milliseconds).ToString();
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _thread.Join();
        _socket.Dispose();
    }

    private void Run()
    {
        var message = ClientPackets.Publish("probe", "x", version: ProtocolVersion.Mqtt311);
        while (!_stop.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            Exchange(message, message.Length);
            var taken = Stopwatch.GetElapsedTime(start);
            lock (_gate)
            {
                _milliseconds.Add(taken.TotalMilliseconds);
                if (_milliseconds.Count >= _awaited.Count)
                {
                    _awaited.Reached.TrySetResult();
                }
            }

            if (taken < Interval)
            {
                _stop.Token.WaitHandle.WaitOne(Interval - taken);
            }
        }
    }

    private void Exchange(byte[] packet, int answerSize)
    {
        _socket.Send(packet);
        var answer = new byte[answerSize];
        for (var read = 0; read < answer.Length;)
        {
            read += _socket.Receive(answer.AsSpan(read)) is > 0 and var count ? count : throw new IOException("The broker closed the probe's connection.");
        }
    }
}
