using GrainMQ.Gateway.Logging;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace GrainMQ.Tests.InMemory.Connections;

/// <summary>How many log lines ten thousand connections cause that a client makes in a loop.</summary>
public sealed class BadClientTests
{
    private const int Connections = 10_000;

    public static TheoryData<string, byte[], int> Kinds => new()
    {
        { "CONNECT of two bytes", [0x10, 0x02, 0x61, 0x62], 4501 },
        { "no CONNECT", ClientPackets.Pingreq(), 4302 },
        { "no MQTT", "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), 4302 },
        { "packet that is too large", [0x10, 0xFF, 0xFF, 0xFF, 0x7F], 4302 },
        { "unknown version", [0x10, 0x0D, 0x00, 0x04, 0x4D, 0x51, 0x54, 0x54, 0x09, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00], 4501 },
        { "unknown Authentication Method", ClientPackets.Connect(properties: new() { { PropertyId.AuthenticationMethod, "none" } }), 4501 },
        { "second CONNECT", [.. ClientPackets.Connect(clientId: ""), .. ClientPackets.Connect()], 4302 },
        { "bad topic", [.. ClientPackets.Connect(clientId: ""), .. ClientPackets.Publish("a/#", "x")], 4302 },
        { "acknowledgement of QoS 3", [.. ClientPackets.Connect(clientId: ""), 0x36, 0x05, 0x00, 0x01, 0x61, 0x00, 0x01], 4302 },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task TenThousandBadConnectionsAreElevenLines(string kind, byte[] bytes, int eventId)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        for (var i = 0; i < Connections; i++)
        {
            var client = gateway.Open();
            client.Send(bytes);
            await Stuck.UntilAsync(() => client.Transport.IsClosedByServer, kind);
        }

        await gateway.AdvanceAsync(LogLimiter.Interval);

        var lines = gateway.Log.Lines.Where(line => line.Level >= LogLevel.Information).ToList();
        Assert.Equal(LogLimiter.Lines, lines.Count(line => line.EventId == eventId));
        Assert.Equal($"Left out in the last 10 seconds: {Connections - LogLimiter.Lines} lines of event {eventId}.", lines[^1].Message);
        Assert.Equal(LogLimiter.Lines + 1, lines.Count);
    }
}
