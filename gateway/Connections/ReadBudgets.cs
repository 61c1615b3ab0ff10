namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The two budgets of a gateway for packets that are not complete: an eighth of the memory of the process for clients that are served, and a quarter of
/// that for those that CONNACK has not let in yet, so that these cannot take what the others need.
/// </summary>
internal sealed class ReadBudgets
{
    /// <summary>How often the largest packet has to fit into the memory, so that a quarter of it is enough for both budgets.</summary>
    public const int PacketsInMemory = 16;

    /// <summary>How often it fits at least into each of the budgets.</summary>
    private const int Packets = 4;

    public ReadBudgets(MemoryOptions memory, ConnectionOptions connections, IProcessMemory process)
    {
        var served = memory.Limit(process.Available) / 8;
        var least = (long)ByteArrays.LengthFor(connections.MaximumPacketSize) * Packets;
        (Served, Unknown) = (new ReadBudget(Math.Max(served, least)), new ReadBudget(Math.Max(served / 4, least)));
    }

    /// <summary>Of connections with a session.</summary>
    public ReadBudget Served { get; }

    /// <summary>Of connections before their CONNACK.</summary>
    public ReadBudget Unknown { get; }

    public ReadBudget Of(Connection connection) => connection.Session is null ? Unknown : Served;
}
