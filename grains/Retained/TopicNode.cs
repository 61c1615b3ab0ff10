using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Retained;

/// <summary>One topic level; it holds the retained message of the topic that ends here, if there is one.</summary>
internal sealed class TopicNode(string level)
{
    public string Level => level;

    public RetainEntry? Entry { get; set; }

    public LevelSet? Children { get; set; }

    public bool IsEmpty => Entry is null && Children is null;
}
