namespace GrainMQ.Gateway.Routing;

/// <summary>Splits a topic name or filter at each <c>/</c>, without allocating. Empty levels are levels [MQTT 4.7.1.1].</summary>
internal ref struct TopicLevels(ReadOnlySpan<byte> topic)
{
    private ReadOnlySpan<byte> _rest = topic;

    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>True once <see cref="Current"/> is the last level.</summary>
    public bool IsLast { get; private set; }

    public bool MoveNext()
    {
        if (IsLast)
        {
            return false;
        }

        var end = _rest.IndexOf((byte)'/');
        IsLast = end < 0;
        Current = IsLast ? _rest : _rest[..end];
        if (!IsLast)
        {
            _rest = _rest[(end + 1)..];
        }

        return true;
    }
}
