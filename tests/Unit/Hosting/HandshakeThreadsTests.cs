using GrainMQ.Gateway.Listeners;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

public sealed class HandshakeThreadsTests
{
    [Fact]
    public async Task WorkOfAHandshakeLeavesTheThreadOfTheSocket()
    {
        var gate = new TaskCompletionSource();
        await using var stream = new HandshakeStream(new Gated(gate.Task));
        var during = ThreadOfReadAsync();
        var socket = new Thread(gate.SetResult);
        socket.Start();
        Assert.StartsWith("TLS handshakes", await during.OrStuck("the read"));
        socket.Join();

        stream.Done();
        Assert.Equal(Thread.CurrentThread.Name, await ThreadOfReadAsync()); // and nothing is added afterwards

        async Task<string?> ThreadOfReadAsync()
        {
            Assert.Equal(1, await stream.ReadAsync(new byte[1]).ConfigureAwait(false));
            return Thread.CurrentThread.Name;
        }
    }

    [Fact]
    public async Task FailedReadLeavesItToo()
    {
        var gate = new TaskCompletionSource();
        await using var stream = new HandshakeStream(new Gated(gate.Task));
        var reading = stream.ReadAsync(new byte[1]).AsTask();

        gate.SetException(new IOException("gone"));

        await Assert.ThrowsAsync<IOException>(() => reading.OrStuck("the read"));
    }

    private sealed class Gated(Task gate) : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await gate.ConfigureAwait(false);
            return 1;
        }
    }
}
