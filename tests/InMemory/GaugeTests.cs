using System.Diagnostics.Metrics;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.InMemory;

public sealed class GaugeTests
{
    [Fact]
    public async Task GaugesSayWhatTheGatewayHolds()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = gateway.Open();
        client.Send(ClientPackets.Connect(ProtocolVersion.Mqtt5, "subscriber"));
        client.Send(ClientPackets.Subscribe(1, "a", QoS.AtLeastOnce));
        await client.ReceivePacketAsync();
        await client.ReceivePacketAsync();
        client.Send(ClientPackets.Publish("a", "x", QoS.AtLeastOnce, packetId: 1));
        await client.ReceivePacketAsync();
        await client.ReceivePacketAsync();

        var gauges = Read(gateway.Services.GetRequiredService<GatewayMetrics>().Meter);

        Assert.Equal(1, gauges["mqtt_connections"]);
        Assert.Equal(1, gauges["mqtt_sessions"]);
        Assert.Equal(1, gauges["mqtt_subscriptions"]);
        Assert.Equal(0, gauges["mqtt_messages_waiting"]);
        Assert.Equal(1, gauges["mqtt_messages_in_flight"]); // its PUBACK was not sent
    }

    private static Dictionary<string, long> Read(Meter meter)
    {
        var values = new Dictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == meter)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => values[instrument.Name] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => values[instrument.Name] = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return values;
    }
}
