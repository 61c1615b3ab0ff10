using System.Collections.Concurrent;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Transports;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>
/// Sends back what comes in, waiting without a buffer before each read. The byte <c>!</c> closes in order after a last word,
/// <c>*</c> aborts.
/// </summary>
internal sealed class EchoHandler : IConnectionHandler
{
    public static readonly byte[] LastWord = "goodbye"u8.ToArray();

    public ConcurrentQueue<Transport> Accepted { get; } = new();

    public ConcurrentQueue<Exception?> Ended { get; } = new();

    public TaskCompletionSource<Transport> First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<Exception?> FirstEnd { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task HandleAsync(Transport transport)
    {
        Accepted.Enqueue(transport);
        First.TrySetResult(transport);
        Exception? cause = null;
        try
        {
            await EchoAsync(transport);
        }
        catch (Exception e)
        {
            cause = e;
        }
        await transport.DisposeAsync();
        Ended.Enqueue(cause);
        FirstEnd.TrySetResult(cause);
    }

    public Task DrainAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task EchoAsync(Transport transport)
    {
        var buffer = new byte[16 * 1024];
        while (true)
        {
            await transport.ReadAsync(Memory<byte>.Empty);
            var read = await transport.ReadAsync(buffer);
            if (read == 0 || buffer[0] == '!')
            {
                await transport.WriteAsync(LastWord);
                await transport.CloseAsync(TransportCloseStatus.Normal);
                return;
            }
            if (buffer[0] == '*')
            {
                transport.Abort();
                return;
            }
            await transport.WriteAsync(buffer.AsMemory(0, read));
        }
    }
}
