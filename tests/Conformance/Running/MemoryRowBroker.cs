using GrainMQ.Tests.Conformance.Rows;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Conformance.Running;

/// <summary>A broker on memory transports.</summary>
internal sealed class MemoryRowBroker : RowBroker
{
    private readonly bool _everyByteAlone;
    private InMemoryGateway? _gateway;

    private MemoryRowBroker(Row row, bool everyByteAlone) : base(row) => _everyByteAlone = everyByteAlone;

    private InMemoryGateway Gateway => _gateway ?? throw new InvalidOperationException("The broker is not started.");

    /// <param name="row">Has the options and users that the broker starts with.</param>
    /// <param name="everyByteAlone">Every read of the broker gets one byte.</param>
    public static async Task<MemoryRowBroker> StartAsync(Row row, bool everyByteAlone)
    {
        var broker = new MemoryRowBroker(row, everyByteAlone);
        broker._gateway = await InMemoryGateway.StartAsync(broker.Configure, broker.Replace);
        return broker;
    }

    public override Task<RowClient> OpenAsync()
    {
        var client = Gateway.Open();
        if (_everyByteAlone)
        {
            client.Transport.MaximumRead = 1;
        }

        return Task.FromResult<RowClient>(new MemoryRowClient(client));
    }

    public override Task SettledAsync() => Quiescence.ReachedAsync();

    public override void Advance(TimeSpan by) => Gateway.Time.Advance(by);

    public override async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await base.DisposeAsync();
    }

    private sealed class MemoryRowClient(MemoryClient client) : RowClient
    {
        public override Task SendAsync(byte[] bytes)
        {
            client.Send(bytes);
            return Task.CompletedTask;
        }

        public override Task<byte[]?> ReceivePacketAsync() => client.ReceivePacketAsync();

        public override void Drop() => client.Drop();
    }
}
