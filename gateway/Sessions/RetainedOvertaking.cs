using GrainMQ.Gateway.Messages;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// Tells every replay of retained messages which topics got a new retained message while its pages are on their way, so that a page does not
/// bring old state after new. Used inside the session's gate.
/// </summary>
internal sealed class RetainedOvertaking
{
    /// <summary>Beyond so many of all replays the newest are not remembered: the price is a stale message on a topic that changed meanwhile.</summary>
    public const int MostTopics = 100_000;

    private readonly List<RetainedReplay> _replays = [];

    public bool IsEmpty => _replays.Count == 0;

    public void Add(RetainedReplay replay) => _replays.Add(replay);

    public void Remove(RetainedReplay replay) => _replays.Remove(replay);

    /// <summary>A live message goes to the session.</summary>
    public void Note(in Message message)
    {
        if (!message.Retain)
        {
            return;
        }

        var topic = RetainedReplay.TopicOf(message);
        foreach (var replay in _replays)
        {
            if (replay.Overtaken < MostTopics / _replays.Count)
            {
                replay.Overtake(topic);
            }
        }
    }
}
