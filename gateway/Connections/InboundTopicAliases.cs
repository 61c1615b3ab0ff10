using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Connections;

/// <summary>Topic aliases that the client defined on this connection. MQTT 5 §3.3.2.3.4.</summary>
internal sealed class InboundTopicAliases
{
    private byte[]?[] _topics = [];

    /// <summary>The topic of a PUBLISH that carries an alias: defines it, or looks it up when the topic is left out.</summary>
    public ReasonCode TryResolve(ushort alias, ushort maximum, ref ReadOnlySpan<byte> topic)
    {
        if (alias > maximum)
        {
            return ReasonCode.TopicAliasInvalid; // [MQTT-3.3.2-9]
        }

        if (_topics.Length == 0)
        {
            _topics = new byte[maximum][];
        }

        ref var known = ref _topics[alias - 1];
        if (!topic.IsEmpty)
        {
            if (!topic.SequenceEqual(known))
            {
                known = topic.ToArray();
            }

            return ReasonCode.Success;
        }

        topic = known;
        return known is null ? ReasonCode.ProtocolError : ReasonCode.Success; // §3.3.4: no mapping for the alias
    }
}
