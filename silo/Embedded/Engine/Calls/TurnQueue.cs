namespace GrainMQ.Silo.Embedded;

/// <summary>A piece of work that runs on an activation from start to end without another in between.</summary>
internal interface ITurn
{
    /// <summary>The queue's own link: a turn is in at most one queue.</summary>
    ITurn? Next { get; set; }

    /// <summary>Never throws.</summary>
    void Run();
}

/// <summary>A linked queue without nodes, so that an idle activation holds two null pointers and nothing else.</summary>
internal struct TurnQueue<T> where T : class, ITurn
{
    private T? _head;
    private T? _tail;

    public readonly bool IsEmpty => _head is null;

    public void Enqueue(T turn)
    {
        if (_tail is null) _head = turn;
        else _tail.Next = turn;
        _tail = turn;
    }

    public T? Dequeue()
    {
        var turn = _head;
        if (turn is null) return null;
        _head = (T?)turn.Next;
        if (_head is null) _tail = null;
        turn.Next = null;
        return turn;
    }

    /// <summary>Hands over the whole content and leaves this queue empty.</summary>
    public TurnQueue<T> Take()
    {
        var all = this;
        this = default;
        return all;
    }
}
