namespace GrainMQ.Tests.Simulation;

/// <summary>
/// Everything that can happen next in a simulation. Any owner may be next, drawn from the seed; the turns of one owner keep their order.
/// One turn runs at a time: <see cref="DrivenRun"/> takes them on the thread of a test, <see cref="PoolRun"/> on the thread pool.
/// </summary>
internal sealed class RunQueue(int seed)
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private readonly List<TurnOwner> _ready = [];

    /// <summary>Told after a turn was added, on the thread that added it.</summary>
    public Action<TurnOwner>? Added { get; set; }

    public void Add(TurnOwner owner, Action turn)
    {
        lock (_lock)
        {
            if (owner.IsGone)
            {
                return;
            }

            owner.Turns.Enqueue(turn);
            if (owner.Turns.Count == 1)
            {
                _ready.Add(owner);
            }
        }
        Added?.Invoke(owner);
    }

    /// <summary>Something that happens once and has no order with anything else.</summary>
    public void Add(string name, Action turn) => Add(new TurnOwner(name), turn);

    public bool TryTake(out (TurnOwner Owner, Action Turn) next)
    {
        lock (_lock)
        {
            next = default;
            if (_ready.Count == 0)
            {
                return false;
            }

            var at = _random.Next(_ready.Count);
            var owner = _ready[at];
            next = (owner, owner.Turns.Dequeue());
            if (owner.Turns.Count == 0)
            {
                RemoveAt(at);
            }

            return true;
        }
    }

    /// <summary>The owner is dead: what it had left to do never happens.</summary>
    public void Drop(TurnOwner owner)
    {
        lock (_lock)
        {
            owner.IsGone = true;
            owner.Turns.Clear();
            if (_ready.IndexOf(owner) is >= 0 and var at)
            {
                RemoveAt(at);
            }
        }
    }

    private void RemoveAt(int at)
    {
        _ready[at] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
    }
}
