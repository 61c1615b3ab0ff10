using GrainMQ.Gateway.Connections;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// What deliveries set off: connections to wake and messages for the store. Both gather while messages are delivered and are flushed together, so
/// that a subscriber is woken once for many messages. For one thread at a time; rented, and one is kept for each thread.
/// </summary>
internal sealed class Burst
{
    [ThreadStatic] private static Burst? _spare;

    private readonly WakeList _wakes = new();

    /// <summary>What goes to the store.</summary>
    public StoreGathering Store { get; } = new();

    public static Burst Rent()
    {
        var burst = _spare ?? new Burst();
        _spare = null;
        return burst;
    }

    /// <summary>After <see cref="Flush"/>. Not after an exception: then it is left to the garbage collector.</summary>
    public void Return() => _spare = this;

    /// <summary>The connection has something to write; it is woken with the flush.</summary>
    public void Wake(Connection connection) => _wakes.Add(connection);

    /// <summary>Sends what is for the store and wakes the connections.</summary>
    /// <returns>The commit of what was gathered and not committed yet; null when there was nothing.</returns>
    public Task<SessionResult>? Flush()
    {
        var commit = Store.Commit(origin: null);
        Store.Flush();
        _wakes.Flush();
        return commit;
    }
}
