using System.Diagnostics.Metrics;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Grains;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainMQ.Tests.Unit.Connections;

/// <summary>A connection without a protocol above it, on a clock that the test moves.</summary>
internal sealed class ConnectionFixture : IConnectionProtocol, IConnectionSession, IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TimerWheel _wheel;

    public ConnectionFixture()
    {
        _wheel = new TimerWheel(new SteadyClock(Time));
        var metrics = new GatewayMetrics(_services.GetRequiredService<IMeterFactory>());
        Connection = new Connection(
            1, Transport,
            new ConnectionEnvironment(new ConnectionOptions(), new OutboundOptions(), _wheel, Budgets, metrics, this, NullLogger<Connection>.Instance));
    }

    public ManualTimeProvider Time { get; } = new();

    public ReadBudgets Budgets { get; } = new(new MemoryOptions(), new ConnectionOptions(), new ManualMemory());

    public MemoryTransport Transport { get; } = new();

    public Connection Connection { get; }

    /// <summary>What the protocol does with a read; by default it consumes all of it.</summary>
    public Func<ReadBuffer, ValueTask> OnRead { get; set; } = static input =>
    {
        input.Consume(input.Unread.Length);
        return ValueTask.CompletedTask;
    };

    /// <summary>How often the protocol was told of an end.</summary>
    public int Ends { get; private set; }

    public ulong Epoch => 1;

    public long WaitingBytes => 0;

    public ValueTask DispatchAsync(Connection connection, ReadBuffer input) => OnRead(input);

    public Task EndedAsync(Connection connection)
    {
        Ends++;
        return Task.CompletedTask;
    }

    public void RefillFor(Connection connection)
    {
    }

    public void Expire(Connection connection, in QueuedDelivery delivery)
    {
    }

    public IConnectionSession OpenStream(Connection stream) => this;

    public void OnClosing()
    {
    }

    /// <summary>Lets time pass in steps of the wheel.</summary>
    public void Pass(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromMilliseconds(TimerWheel.TickMilliseconds))
        {
            Time.Advance(TimeSpan.FromMilliseconds(TimerWheel.TickMilliseconds));
        }
    }

    public void Dispose()
    {
        _wheel.Dispose();
        _services.Dispose();
    }
}
