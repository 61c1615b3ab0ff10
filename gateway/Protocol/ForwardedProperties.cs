namespace GrainMQ.Gateway.Protocol;

/// <summary>The properties of an Application Message that reach the subscribers as the publisher sent them (MQTT 5 §3.3.2.3).</summary>
internal static class ForwardedProperties
{
    private static readonly PropertySet Known = PropertySet.Of(
        PropertyId.PayloadFormatIndicator, PropertyId.MessageExpiryInterval, PropertyId.ContentType, PropertyId.ResponseTopic,
        PropertyId.CorrelationData, PropertyId.TopicAlias, PropertyId.WillDelayInterval, PropertyId.UserProperty);

    /// <summary>
    /// Copies them in their order and returns the bytes written. Left out are the Topic Alias, which belongs to one
    /// connection, the Message Expiry Interval, which shrinks while a message waits, and the Will Delay Interval.
    /// </summary>
    /// <param name="block">A block that a parser has accepted.</param>
    // [MQTT-3.3.2-4], [MQTT-3.3.2-15], [MQTT-3.3.2-16], [MQTT-3.3.2-17], [MQTT-3.3.2-18], [MQTT-3.3.2-20]
    public static int Copy(ReadOnlySpan<byte> block, Span<byte> destination)
    {
        var written = 0;
        var start = 0;
        var reader = new PropertyReader(block, Known);
        while (reader.TryRead())
        {
            if (reader.Id is not (PropertyId.TopicAlias or PropertyId.MessageExpiryInterval or PropertyId.WillDelayInterval))
            {
                var property = block[start..reader.Position];
                property.CopyTo(destination[written..]);
                written += property.Length;
            }

            start = reader.Position;
        }

        return written;
    }
}
