using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Retained;

/// <summary>One topic level.</summary>
internal sealed class TopicNode(string level)
{
    public string Level => level;

    /// <summary>The retained message of the topic that ends here; null if there is none.</summary>
    public RetainEntry? Entry { get; set; }

    /// <summary>The levels below; null if there are none.</summary>
    public LevelSet? Children { get; set; }

    /// <summary>Whether the node can be removed.</summary>
    public bool IsEmpty => Entry is null && Children is null;
}
