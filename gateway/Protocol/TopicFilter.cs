namespace GrainMQ.Gateway.Protocol;

/// <summary>The grammar of Topic Filters (MQTT 5 §4.7) and of Shared Subscriptions (§4.8.2).</summary>
public static class TopicFilter
{
    private const string SharePrefix = "$share/";

    /// <summary>
    /// True for a filter that follows the grammar. One that starts with <c>$share/</c> must be a complete Shared Subscription.
    /// </summary>
    public static bool IsValid(string filter) =>
        IsShared(filter) ? TryParseShared(filter, out _, out _) : HasValidLevels(filter);

    /// <summary>True where the filter asks for a Shared Subscription, well-formed or not.</summary>
    public static bool IsShared(string filter) => filter.StartsWith(SharePrefix, StringComparison.Ordinal);

    /// <summary>Splits <c>$share/{ShareName}/{filter}</c>. False for other filters and where a part is not valid.</summary>
    public static bool TryParseShared(string filter, out string shareName, out string innerFilter)
    {
        shareName = innerFilter = "";
        if (!IsShared(filter))
        {
            return false;
        }

        // [MQTT-4.8.2-2]: the ShareName is followed by "/" and a Topic Filter.
        var end = filter.IndexOf('/', SharePrefix.Length);
        if (end < 0)
        {
            return false;
        }

        // [MQTT-4.8.2-1]: at least one character; [MQTT-4.8.2-2]: no wildcards.
        var name = filter.AsSpan(SharePrefix.Length, end - SharePrefix.Length);
        var inner = filter.AsSpan(end + 1);
        if (name.IsEmpty || name.ContainsAny('+', '#') || !HasValidLevels(inner))
        {
            return false;
        }

        shareName = name.ToString();
        innerFilter = inner.ToString();
        return true;
    }

    /// <summary>How many levels it has; at least one. §4.7.1.1</summary>
    public static int Levels(ReadOnlySpan<char> filter) => filter.Count('/') + 1;

    /// <summary>
    /// Whether the topic matches the filter, level by level. This is the reference that the routing tables are tested against.
    /// </summary>
    public static bool Matches(string filter, string topic)
    {
        // [MQTT-4.7.2-1]: a leading wildcard does not reach topics that start with $.
        if (topic.StartsWith('$') && filter is ['+' or '#', ..])
        {
            return false;
        }

        var filterLevels = filter.Split('/');
        var topicLevels = topic.Split('/');
        for (var i = 0; i < filterLevels.Length; i++)
        {
            if (filterLevels[i] == "#")
            {
                return true; // [MQTT-4.7.1-1]: also the parent level, where i equals the topic's depth.
            }

            if (i == topicLevels.Length)
            {
                return false;
            }

            if (filterLevels[i] != "+" && filterLevels[i] != topicLevels[i])
            {
                return false;
            }
        }

        return filterLevels.Length == topicLevels.Length;
    }

    private static bool HasValidLevels(ReadOnlySpan<char> filter)
    {
        if (filter.IsEmpty || filter.Contains('\0'))
        {
            return false; // [MQTT-4.7.3-1], [MQTT-4.7.3-2]
        }

        for (var i = filter.IndexOfAny('+', '#'); i >= 0 && i < filter.Length; i++)
        {
            if (filter[i] is not ('+' or '#'))
            {
                continue;
            }

            var startsLevel = i == 0 || filter[i - 1] == '/';
            var isLast = i == filter.Length - 1;
            var endsLevel = isLast || filter[i + 1] == '/';
            if (!startsLevel || !endsLevel)
            {
                return false; // [MQTT-4.7.1-2] (3.1.1: [MQTT-4.7.1-3])
            }

            if (filter[i] == '#' && !isLast)
            {
                return false; // [MQTT-4.7.1-1] (3.1.1: [MQTT-4.7.1-2])
            }
        }

        return true;
    }
}
