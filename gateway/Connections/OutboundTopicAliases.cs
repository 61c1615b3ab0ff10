using System.Diagnostics.CodeAnalysis;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// Topic aliases that the server uses towards one client: the first topics get them and keep them for the connection, so that an
/// alias never changes its meaning. Used by the one writer, in the order of writing. MQTT 5 §3.3.2.3.4.
/// </summary>
internal sealed class OutboundTopicAliases
{
    /// <summary>A topic this short costs less than its alias.</summary>
    private const int ShortestTopic = 4;

    private readonly ushort _maximum;
    private readonly Dictionary<byte[], ushort>.AlternateLookup<ReadOnlySpan<byte>> _aliases;

    public OutboundTopicAliases(ushort maximum)
    {
        _maximum = maximum;
        _aliases = new Dictionary<byte[], ushort>(new TopicComparer()).GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>The alias of a topic that the client has already seen with it.</summary>
    public bool TryGet(ReadOnlySpan<byte> topic, out ushort alias) => _aliases.TryGetValue(topic, out alias);

    /// <summary>Whether a topic that has no alias may get one.</summary>
    public bool HasRoomFor(ReadOnlySpan<byte> topic) => topic.Length >= ShortestTopic && _aliases.Dictionary.Count < _maximum;

    /// <summary>Gives the topic its alias, which the next packet tells the client.</summary>
    public ushort Add(ReadOnlySpan<byte> topic)
    {
        var alias = (ushort)(_aliases.Dictionary.Count + 1); // 1..maximum [MQTT-3.1.2-26]
        _aliases[topic] = alias;
        return alias;
    }

    private sealed class TopicComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] topic) => GetHashCode((ReadOnlySpan<byte>)topic);

        public bool Equals(ReadOnlySpan<byte> topic, byte[] other) => topic.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> topic)
        {
            var hash = new HashCode(); // seeded per process: a client cannot craft collisions
            hash.AddBytes(topic);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> topic) => topic.ToArray();
    }
}
