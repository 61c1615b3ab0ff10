namespace GrainMQ.Gateway.Protocol;

/// <summary>
/// The parts of a property block that do not go on to the subscribers. All others go on as the publisher sent them and in
/// their order (MQTT 5 §3.3.2.3).
/// </summary>
/// <remarks>
/// Not forwarded are the Topic Alias, which belongs to one connection, the Will Delay Interval, which only the server needs,
/// and the Message Expiry Interval, which shrinks while a message waits. No block holds more than two of them, so that two
/// ranges found while parsing spare a second walk.
/// </remarks>
// [MQTT-3.3.2-4], [MQTT-3.3.2-15], [MQTT-3.3.2-16], [MQTT-3.3.2-17], [MQTT-3.3.2-18], [MQTT-3.3.2-20]
internal struct ExcludedProperties
{
    private int _firstStart;
    private int _firstEnd;
    private int _secondStart;
    private int _secondEnd;

    /// <summary>The bytes that are left out.</summary>
    public readonly int Length => _firstEnd - _firstStart + _secondEnd - _secondStart;

    /// <summary>Leaves out the property from <paramref name="start"/> to <paramref name="end"/>; the later one comes second.</summary>
    public void Add(int start, int end)
    {
        if (_firstEnd == 0)
        {
            (_firstStart, _firstEnd) = (start, end);
            _secondStart = end;
        }
        else
        {
            _secondStart = start;
        }

        _secondEnd = end;
    }

    /// <summary>Copies the other properties and returns the bytes written.</summary>
    public readonly int CopyOthers(ReadOnlySpan<byte> block, Span<byte> destination)
    {
        var before = block[.._firstStart];
        var between = block[_firstEnd.._secondStart];
        var after = block[_secondEnd..];
        before.CopyTo(destination);
        between.CopyTo(destination[before.Length..]);
        after.CopyTo(destination[(before.Length + between.Length)..]);
        return block.Length - Length;
    }
}
