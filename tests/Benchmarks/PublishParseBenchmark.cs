using BenchmarkDotNet.Attributes;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Benchmarks;

/// <summary>What a PUBLISH costs from its first byte to a parsed packet, by version and by the properties it carries.</summary>
[MemoryDiagnoser]
public class PublishParseBenchmark
{
    private const string Topic = "plant/7/line/3/temperature";

    private byte[] _frame = [];
    private byte[] _forwarded = [];
    private ProtocolVersion _version;

    public enum Shape
    {
        Mqtt311,
        Mqtt5,
        Mqtt5Alias,
        Mqtt5Request,
        NonAsciiTopic,
    }

    [ParamsAllValues]
    public Shape Input { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _version = Input == Shape.Mqtt311 ? ProtocolVersion.Mqtt311 : ProtocolVersion.Mqtt5;
        var topic = Input == Shape.NonAsciiTopic ? "fabrik/7/straße/3/wärme" : Topic;
        _frame = ClientPackets.Publish(topic, new byte[64], QoS.AtLeastOnce, 1, version: _version, properties: Properties());
        _forwarded = new byte[_frame.Length];
    }

    [Benchmark(Baseline = true)]
    public int Parse()
    {
        FixedHeader.TryRead(_frame, int.MaxValue, out var header, _version);
        PublishPacket.TryParse(_frame.AsSpan(header.HeaderLength), header.Flags, _version, out var packet);
        return packet.Topic.Length + packet.Payload.Length;
    }

    [Benchmark]
    public int ParseAndCopyForwardedProperties()
    {
        FixedHeader.TryRead(_frame, int.MaxValue, out var header, _version);
        PublishPacket.TryParse(_frame.AsSpan(header.HeaderLength), header.Flags, _version, out var packet);
        return packet.CopyForwardedProperties(_forwarded);
    }

    /// <summary>A read that ended inside the header: the price of coming back with more bytes.</summary>
    [Benchmark]
    public ReadStatus HeaderOfASplitRead() => FixedHeader.TryRead(_frame.AsSpan(0, 1), int.MaxValue, out _, _version);

    private PropertyList? Properties() => Input switch
    {
        Shape.Mqtt5Alias => new PropertyList { { PropertyId.TopicAlias, 1 } },
        Shape.Mqtt5Request => new PropertyList
        {
            { PropertyId.MessageExpiryInterval, 60 },
            { PropertyId.ResponseTopic, "reply/client-7" },
            { PropertyId.CorrelationData, new byte[16] },
            { "trace", "00-4bf92f3577b34da6a3ce929d0e0e4736" },
        },
        _ => null,
    };
}
