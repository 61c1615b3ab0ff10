using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Fuzz;

/// <summary>Says anything in any order, breaks off, and comes back under any identifier; its answers are not checked.</summary>
internal sealed class NoisyClient(InMemoryGateway gateway, Random random)
{
    private readonly PacketFuzzer _fuzzer = new(random);
    private MemoryClient? _connection;

    public void Act()
    {
        if (_connection is null || _connection.Transport.IsClosedByServer || random.Next(30) == 0)
        {
            Leave();
            _connection = gateway.Open();
            _connection.Transport.MaximumRead = random.Next(4) == 0 ? random.Next(1, 8) : int.MaxValue;
            _connection.Send(_fuzzer.Connect());
        }
        else
        {
            _connection.Send(_fuzzer.Next());
        }
    }

    public void Leave() => _connection?.Drop();
}
