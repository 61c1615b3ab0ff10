namespace GrainMQ.Gateway.Routing;

/// <summary>The exact comparison of one filter with one topic, both valid UTF-8 MQTT strings.</summary>
internal static class TopicFilterMatch
{
    /// <summary>
    /// Whether <paramref name="filter"/> matches <paramref name="topic"/>. A topic name holds no wildcard, hence a common prefix never
    /// swallows one. O(length), no allocation.
    /// </summary>
    public static bool Matches(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> topic)
    {
        // Server topics are not for filters that start with a wildcard. [MQTT-4.7.2-1]
        if (topic is [(byte)'$', ..] && filter is [(byte)'#' or (byte)'+', ..])
        {
            return false;
        }

        while (true)
        {
            var common = filter.CommonPrefixLength(topic);
            filter = filter[common..];
            topic = topic[common..];
            if (filter.IsEmpty)
            {
                return topic.IsEmpty;
            }

            if (filter[0] == '#')
            {
                return true;
            }

            if (filter[0] != '+')
            {
                return topic.IsEmpty && filter.SequenceEqual("/#"u8); // "a/#" matches "a"
            }

            var end = topic.IndexOf((byte)'/');
            filter = filter[1..];
            topic = end < 0 ? default : topic[end..];
        }
    }
}
