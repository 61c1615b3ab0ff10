namespace GrainMQ.Gateway.Sessions;

/// <summary>Tells those who send retained messages that the client has taken enough for the next page. Used inside the session's gate.</summary>
internal sealed class RoomSignal
{
    private readonly TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>So many waiting messages are still too many; the lowest number asked for.</summary>
    public int Below { get; private set; } = int.MaxValue;

    public Task WhenBelow(int messages)
    {
        Below = Math.Min(Below, messages);
        return _source.Task;
    }

    public void Set() => _source.SetResult();
}
