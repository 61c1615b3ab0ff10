using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>Mutations of valid packet sequences, one for each seed.</summary>
public sealed class ParserFuzzTests
{
    private const int Inputs = 2_000_000;

    // The dearest bytes are those of User Properties of one character each: 7 of them become two strings of 24 bytes and an
    // element of 16 in a list that doubles. The constant is for the packet objects and an empty list each.
    private const int AllocatedPerByte = 24;
    private const int AllocatedPerInput = 1_024;

    private readonly Dictionary<ProtocolVersion, IReadOnlyList<byte[]>> _samples =
        Enum.GetValues<ProtocolVersion>().ToDictionary(version => version, SamplePackets.Of);

    private readonly ProtocolVersion[] _versions = Enum.GetValues<ProtocolVersion>();
    private readonly byte[] _forwarded = new byte[1 << 16];

    [Fact]
    public void MutatedPacketsAreParsedOrRefusedWithinBoundedMemory()
    {
        var search = Seeds.Of("parser", Inputs);
        var parsed = 0L;
        var refused = 0L;
        foreach (var seed in search.All)
        {
            try
            {
                Run(seed, ref parsed, ref refused);
            }
            catch (Exception failure)
            {
                throw search.Failed(seed, failure, "");
            }
        }

        if (!search.IsWhole)
        {
            return;
        }

        // A mutator that breaks everything, or nothing, tests nothing.
        Assert.True(parsed > search.Count / 2, $"Only {parsed} packets were parsed ({search}).");
        Assert.True(refused > search.Count / 4, $"Only {refused} packets were refused ({search}).");
    }

    private long Allocated(byte[] input, ProtocolVersion version, ref long parsed, ref long refused)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        ParseAll(input, version, ref parsed, ref refused);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private void Run(int seed, ref long parsed, ref long refused)
    {
        var random = new Random(seed);
        var version = _versions[random.Next(_versions.Length)];
        var input = PacketMutator.Mutate(_samples[version], random);

        var bound = AllocatedPerInput + (long)AllocatedPerByte * input.Length;
        var allocated = Allocated(input, version, ref parsed, ref refused);
        if (allocated > bound)
        {
            allocated = Allocated(input, version, ref parsed, ref refused); // the runtime allocates too, once: statics, stubs
        }

        if (allocated > bound)
        {
            throw new InvalidOperationException($"{input.Length} bytes of input cost {allocated} bytes of memory.");
        }
    }

    private void ParseAll(ReadOnlySpan<byte> rest, ProtocolVersion version, ref long parsed, ref long refused)
    {
        while (FixedHeader.TryRead(rest, PacketParser.MaximumPacketSize, out var header, version) == ReadStatus.Ok
            && header.PacketLength <= rest.Length)
        {
            var body = rest.Slice(header.HeaderLength, header.BodyLength);
            var reason = PacketParser.ParseBody(header, body, version);
            if (reason == ReasonCode.Success)
            {
                parsed++;
                if (header.Type == PacketType.Publish)
                {
                    CheckPublish(body, header.Flags, version);
                }
            }
            else
            {
                refused++;
            }

            rest = rest[header.PacketLength..];
        }
    }

    // What the delivery relies on without looking again.
    private void CheckPublish(ReadOnlySpan<byte> body, byte flags, ProtocolVersion version)
    {
        PublishPacket.TryParse(body, flags, version, out var packet);
        var consistent = packet.CopyForwardedProperties(_forwarded) == packet.ForwardedPropertiesLength
            && (TopicName.IsValid(packet.Topic) || (packet.Topic.IsEmpty && packet.HasTopicAlias))
            && packet.PacketId == 0 == (packet.QoS == QoS.AtMostOnce);
        if (!consistent)
        {
            throw new InvalidOperationException("An accepted PUBLISH is not consistent.");
        }
    }
}
