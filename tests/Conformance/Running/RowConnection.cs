using GrainMQ.Tests.Conformance.Notation;
using GrainMQ.Tests.Conformance.Rows;

namespace GrainMQ.Tests.Conformance.Running;

/// <summary>One named client of a row. It opens when first used and again after it was closed or dropped.</summary>
internal sealed class RowConnection(
    string name, MqttVersion version, RowBroker broker, Dictionary<string, byte[]> variables)
{
    private static readonly byte[] PingRequest = [0xC0, 0x00];
    private static readonly byte[] PingResponse = [0xD0, 0x00];

    private RowClient? _client;

    public string Name => name;

    public MqttVersion Version { get; set; } = version;

    /// <summary>The most bytes that a packet for it may have.</summary>
    public int Limit { get; set; } = int.MaxValue;

    public BytePattern Pattern(string text) => BytePattern.Parse(text, Version, name);

    public async Task SendAsync(byte[] bytes) => await (await ClientAsync()).SendAsync(bytes);

    public async Task ExpectAsync(Expectation expected)
    {
        var packet = await ReceiveAsync() ?? throw new RowFailedException($"closed instead of {expected}");
        if (expected.Mismatch(packet, variables) is { } difference)
        {
            throw new RowFailedException($"received {Convert.ToHexString(packet)}: {difference}");
        }
    }

    public async Task ExpectAllAsync(List<Expectation> expected)
    {
        while (expected.Count > 0)
        {
            var packet = await ReceiveAsync() ?? throw new RowFailedException($"closed instead of {expected[0]}");
            var index = expected.FindIndex(one => Matches(one, packet));
            if (index < 0)
            {
                throw new RowFailedException($"received {Convert.ToHexString(packet)} instead of {string.Join(" ; ", expected)}");
            }

            expected.RemoveAt(index);
        }
    }

    /// <summary>Whatever is under way arrives first; then the server's next packet has to be the answer to a PINGREQ.</summary>
    public async Task ExpectNothingAsync()
    {
        await broker.SettledAsync();
        await SendAsync(PingRequest);
        var packet = await ReceiveAsync() ?? throw new RowFailedException("closed instead of PINGRESP");
        if (!packet.AsSpan().SequenceEqual(PingResponse))
        {
            throw new RowFailedException($"received {Convert.ToHexString(packet)} instead of nothing");
        }
    }

    public async Task ExpectClosedAsync()
    {
        if (await ReceiveAsync() is { } packet)
        {
            throw new RowFailedException($"received {Convert.ToHexString(packet)} instead of the end of the connection");
        }

        _client = null;
        await broker.SettledAsync(); // what follows the end in the broker, such as a share group that loses a member
    }

    /// <summary>DISCONNECT with one of the codes on 5.0, then closed.</summary>
    public async Task ExpectErrorAsync(string codes)
    {
        if (Version == MqttVersion.V5)
        {
            await ExpectAsync(Expectation.Parse($"E0 ({codes} *)", Version, name));
        }

        await ExpectClosedAsync();
    }

    /// <param name="codes">The reason codes for 5.0 and, after a slash, the return code for 3.x; none there means closed at once.</param>
    public async Task ExpectRefusalAsync(string codes)
    {
        var slash = codes.IndexOf('/', StringComparison.Ordinal);
        if (Version == MqttVersion.V5)
        {
            await ExpectAsync(Expectation.Parse($"20 (00 {(slash < 0 ? codes : codes[..slash])} (*))", Version, name));
        }
        else if (slash >= 0)
        {
            await ExpectAsync(Expectation.Parse($"20 (00 {codes[(slash + 1)..]})", Version, name));
        }

        await ExpectClosedAsync();
    }

    /// <summary>Closed, with a CONNACK that refuses or without; the version was not agreed, so either form of CONNACK will do.</summary>
    public async Task ExpectRejectionAsync()
    {
        var packet = await (await ClientAsync()).ReceivePacketAsync();
        if (packet is null)
        {
            _client = null;
            return;
        }
        if (packet is not [0x20, _, 0x00, not 0x00, ..])
        {
            throw new RowFailedException($"received {Convert.ToHexString(packet)} instead of a refusal");
        }

        await ExpectClosedAsync();
    }

    public async Task DropAsync()
    {
        await broker.SettledAsync();
        (await ClientAsync()).Drop();
        _client = null;
        await broker.SettledAsync();
    }

    private async ValueTask<RowClient> ClientAsync() => _client ??= await broker.OpenAsync();

    private async Task<byte[]?> ReceiveAsync()
    {
        var packet = await (await ClientAsync()).ReceivePacketAsync();
        if (packet is null)
        {
            return null;
        }

        if (packet.Length > Limit)
        {
            throw new RowFailedException($"a packet of {packet.Length} bytes is above the client's maximum of {Limit}");
        }

        return WireRules.Violation(Version, packet) is { } violation
            ? throw new RowFailedException($"received {Convert.ToHexString(packet)}: {violation}")
            : packet;
    }

    /// <summary>A pattern that does not match leaves no variable behind.</summary>
    private bool Matches(Expectation expected, byte[] packet)
    {
        var trial = new Dictionary<string, byte[]>(variables);
        if (expected.Mismatch(packet, trial) is not null)
        {
            return false;
        }

        foreach (var (key, value) in trial)
        {
            variables[key] = value;
        }

        return true;
    }
}
