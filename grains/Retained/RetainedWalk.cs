using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Retained;

/// <summary>
/// Walks the topics that match a filter, in order (level by level, ordinal; a topic before those below it). It enters only branches which can
/// match and come after the last page. It has a stack of its own, because a topic may have thousands of levels.
/// </summary>
internal sealed class RetainedWalk
{
    /// <summary>The lowest level name above all that begin with <c>$</c>.</summary>
    private const string AfterSystem = "%";

    private readonly string[] _levels;
    private readonly bool _isMultiLevel;
    private readonly bool _includeSystem;
    private readonly string[] _after;
    private readonly Stack<Frame> _stack = new();
    private readonly List<string> _path = [];

    /// <param name="root">The first levels.</param>
    /// <param name="filter">A valid Topic Filter.</param>
    /// <param name="after">The walk skips this topic and everything before it; null starts at the first.</param>
    /// <param name="includeSystem">Whether a leading wildcard matches <c>$</c> topics too.</param>
    public RetainedWalk(LevelSet root, string filter, string? after, bool includeSystem = false)
    {
        var levels = filter.Split('/');
        _isMultiLevel = levels[^1] == "#";
        _levels = _isMultiLevel ? levels[..^1] : levels;
        _includeSystem = includeSystem;
        _after = after?.Split('/') ?? [];
        Enter(root, 0, after is not null);
    }

    /// <summary>The topic of the node that <see cref="TryNext"/> stopped at, whether it holds a message or not.</summary>
    public string Topic => string.Join('/', _path);

    /// <summary>Moves to the next node on the way; false at the end. The entry is its message if it matches, otherwise null.</summary>
    public bool TryNext(out RetainEntry? entry)
    {
        entry = null;
        while (_stack.TryPop(out var frame))
        {
            if (frame.Set.At(frame.At) is not { } node || (frame.IsLiteral && node.Level != _levels[frame.Depth]))
            {
                continue;
            }

            var isHidden = frame is { Depth: 0, IsLiteral: false } && !_includeSystem && node.Level.StartsWith('$');
            if (!frame.IsLiteral)
            {
                _stack.Push(frame with { At = isHidden ? frame.Set.Seek(AfterSystem) : frame.Set.Next(frame.At), IsOnAfter = false });
            }

            if (isHidden)
            {
                continue; // a wildcard in the first level does not match topics that begin with $ [MQTT-4.7.2-1]
            }

            Visit(frame, node, ref entry);
            return true;
        }
        return false;
    }

    private void Visit(Frame frame, TopicNode node, ref RetainEntry? entry)
    {
        _path.RemoveRange(frame.Depth, _path.Count - frame.Depth);
        _path.Add(node.Level);
        var length = frame.Depth + 1;
        // the nodes on the path of the last page's topic, and that topic itself, have been visited
        var isOnAfter = frame.IsOnAfter && node.Level == _after[frame.Depth];
        if (!isOnAfter && (length == _levels.Length || (_isMultiLevel && length > _levels.Length)))
        {
            entry = node.Entry;
        }

        if (node.Children is { } children && (_isMultiLevel || length < _levels.Length))
        {
            Enter(children, length, isOnAfter && length < _after.Length);
        }
    }

    private void Enter(LevelSet set, int depth, bool isOnAfter)
    {
        var isLiteral = depth < _levels.Length && _levels[depth] != "+";
        var from = isOnAfter ? _after[depth] : "";
        if (isLiteral && string.CompareOrdinal(_levels[depth], from) < 0)
        {
            return;
        }

        _stack.Push(new Frame(set, set.Seek(isLiteral ? _levels[depth] : from), depth, isLiteral, isOnAfter));
    }

    private readonly record struct Frame(LevelSet Set, LevelSet.Position At, int Depth, bool IsLiteral, bool IsOnAfter);
}
