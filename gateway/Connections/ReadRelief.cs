using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// Ends the standstill when connections wait for a <see cref="ReadBudget"/> that others hold without going on: those that have been silent the
/// longest are closed with 0x97, and if all of them wait, the youngest ones, until a quarter of the budget is free. Used once a second.
/// </summary>
internal sealed class ReadRelief(ReadBudget budget, ConnectionRegistry connections)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    private bool _wasAwaited;

    /// <returns>Connections that were closed.</returns>
    public int Look()
    {
        var isStuck = budget.IsAwaited && _wasAwaited;
        _wasAwaited = budget.IsAwaited;
        return isStuck ? Close() : 0;
    }

    private int Close()
    {
        var holders = connections.All.SelectMany(connection => connection.DataStreams.Append(connection))
            .Select(connection => (Connection: connection, Held: connection.HeldOf(budget)))
            .Where(holder => holder.Held > 0)
            .ToList();
        var free = budget.Limit - budget.Used + holders.Where(holder => holder.Connection.IsClosing).Sum(holder => holder.Held);
        var closed = 0;
        foreach (var (connection, held) in Silent(holders).Concat(Waiting(holders)))
        {
            if (free >= budget.Limit / 4)
            {
                break;
            }

            connection.Close(CloseCause.QuotaExceeded, ReasonCode.QuotaExceeded);
            free += held;
            closed++;
        }

        return closed;
    }

    private static IEnumerable<(Connection Connection, int Held)> Silent(List<(Connection Connection, int Held)> holders) => holders
        .Where(holder => holder.Connection is { IsClosing: false, Deadline.IsHeldUp: false } && holder.Connection.Deadline.Silence >= Silence)
        .OrderByDescending(holder => holder.Connection.Deadline.Silence);

    private static IEnumerable<(Connection Connection, int Held)> Waiting(List<(Connection Connection, int Held)> holders) => holders
        .Where(holder => holder.Connection is { IsClosing: false, IsShortOfMemory: true })
        .OrderByDescending(holder => holder.Connection.Id);
}
