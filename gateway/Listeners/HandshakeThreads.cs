using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// Threads for the arithmetic of TLS handshakes: half as many as processors. A signature or a certificate chain takes a millisecond; on the
/// threads that wait for sockets it would hold up the messages of all connected clients, and on the pool the grains. Here a storm of
/// handshakes waits for itself alone.
/// </summary>
/// <remarks>docs/benchmarks.md has what it makes of the latency of others.</remarks>
internal static class HandshakeThreads
{
    private static readonly Lazy<BlockingCollection<Action>> Queue = new(Start);

    /// <summary>Awaited: what follows runs on one of the threads. Nothing there may block.</summary>
    public static Hop HopAsync() => default;

    private static BlockingCollection<Action> Start()
    {
        var queue = new BlockingCollection<Action>();
        for (var i = 0; i < Math.Max(1, Environment.ProcessorCount / 2); i++)
        {
            new Thread(() => Run(queue)) { IsBackground = true, Name = $"TLS handshakes {i}" }.Start();
        }

        return queue;
    }

    private static void Run(BlockingCollection<Action> queue)
    {
        foreach (var continuation in queue.GetConsumingEnumerable())
        {
            continuation();
        }
    }

    public readonly struct Hop : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public Hop GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => Queue.Value.Add(continuation);

        public void UnsafeOnCompleted(Action continuation) => Queue.Value.Add(continuation);
    }
}
