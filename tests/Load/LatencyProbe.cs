using System.Diagnostics;
using System.Globalization;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>
/// A client that publishes to itself 200 times a second on plain TCP, and how long each message takes to come back. It has a thread of
/// its own and reads with blocking calls, so that it measures the broker rather than the pool of its own process.
/// </summary>
internal sealed class LatencyProbe : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    private readonly System.Net.Sockets.Socket _socket;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private List<double> _milliseconds = [];

    private LatencyProbe(System.Net.Sockets.Socket socket)
    {
        _socket = socket;
        _thread = new Thread(Run) { IsBackground = true, Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    public static async Task<LatencyProbe> StartAsync(int port)
    {
        using var client = new LoadClient();
        await client.ConnectAsync(port);
        await client.SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt311, "probe"));
        await client.ReceiveAsync();
        await client.SendAsync(ClientPackets.Subscribe(1, "probe", version: ProtocolVersion.Mqtt311));
        await client.ReceiveAsync();
        return new LatencyProbe(client.Detach());
    }

    public void Reset()
    {
        lock (_gate)
        {
            _milliseconds = [];
        }
    }

    public string Summary()
    {
        lock (_gate)
        {
            var sorted = _milliseconds.Order().ToArray();
            double At(double share) => sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))];
            return string.Create(CultureInfo.InvariantCulture,
                $"{sorted.Length}: p50 {At(0.5):F2} ms, p90 {At(0.9):F2} ms, p99 {At(0.99):F2} ms, max {At(1):F1} ms");
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
        byte[] message = ClientPackets.Publish("probe", "x", version: ProtocolVersion.Mqtt311);
        byte[] answer = new byte[message.Length];
        while (!_stop.IsCancellationRequested)
        {
            long start = Stopwatch.GetTimestamp();
            _socket.Send(message);
            for (int read = 0; read < answer.Length;)
            {
                read += _socket.Receive(answer.AsSpan(read));
            }

            var taken = Stopwatch.GetElapsedTime(start);
            lock (_gate)
            {
                _milliseconds.Add(taken.TotalMilliseconds);
            }

            if (taken < Interval)
            {
                _stop.Token.WaitHandle.WaitOne(Interval - taken);
            }
        }
    }
}
