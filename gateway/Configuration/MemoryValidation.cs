using GrainMQ.Gateway.Connections;

namespace GrainMQ.Gateway.Configuration;

/// <summary>Checks whether packets fit the memory.</summary>
internal static class MemoryValidation
{
    /// <returns>One line per fault, with its cure.</returns>
    public static IEnumerable<string> Check(GatewayOptions options)
    {
        var limit = options.Memory.Limit(new ProcessMemory().Available);
        var most = limit / ReadBudgets.PacketsInMemory;
        if (options.Connections.MaximumPacketSize > most)
        {
            yield return $"Connections:MaximumPacketSize is {options.Connections.MaximumPacketSize}; allowed is 64 to {most}, a sixteenth of the memory " +
                $"({limit} bytes). Lower it, or raise Memory:MaximumBytes.";
        }
    }
}
