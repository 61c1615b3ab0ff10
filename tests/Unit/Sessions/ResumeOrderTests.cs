using System.Diagnostics.Metrics;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Tests.Unit.Connections;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

/// <summary>More is in flight than the queue of a connection takes at once.</summary>
public sealed class ResumeOrderTests : IDisposable
{
    private const int InFlight = 300;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConnectionFixture _first = new();
    private readonly ConnectionFixture _second = new();
    private readonly Session _session;

    public ResumeOrderTests()
    {
        var limits = new DeliveryLimits(new OutboundOptions(), new GatewayMetrics(_services.GetRequiredService<IMeterFactory>()));
        _session = new Session("default/c", "c", limits, store: null!); // nothing here goes to the store
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void NewMessageWaitsBehindRepetitionsThatHadNoRoomYet() // [MQTT-4.6.0-1]
    {
        _session.Attach(_first.Connection, epoch: 1, receiveMaximum: 1000);
        for (var i = 1; i <= InFlight; i++)
        {
            Deliver(i);
        }

        Assert.Equal(InFlight, Sent(_first.Connection).Count);
        _session.Detach(_first.Connection, SessionPhase.Opening);
        _session.Attach(_second.Connection, epoch: 2, receiveMaximum: 1000);
        var sent = Write(_second.Connection); // there is room, and the writer has not asked for more yet
        Deliver(InFlight + 1);
        _session.RefillFor(_second.Connection);
        sent.AddRange(Sent(_second.Connection));

        Assert.Equal(Enumerable.Range(1, InFlight + 1).Select(number => $"{number}"), sent);
    }

    private void Deliver(int number) => _session.Deliver(SampleDelivery.Of($"{number}", QoS.AtLeastOnce), new Burst());

    /// <summary>All that a connection is given, by and by.</summary>
    private List<string> Sent(Connection connection)
    {
        var sent = new List<string>();
        for (var written = Write(connection); written.Count > 0; written = Write(connection))
        {
            sent.AddRange(written);
            _session.RefillFor(connection);
        }

        return sent;
    }

    /// <summary>What the writer takes at once.</summary>
    private static List<string> Write(Connection connection)
    {
        var batch = new OutboundFrame[1000];
        var taken = connection.Outbound.Take(batch, int.MaxValue, out _);
        return [.. batch.Take(taken).Select(frame => SampleDelivery.TextOf(frame.Delivery))];
    }
}
