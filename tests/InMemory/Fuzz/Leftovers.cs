using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Fuzz;

/// <summary>When every client has left and every interval has passed, the broker holds what it held at the start.</summary>
internal static class Leftovers
{
    /// <param name="gateway">The broker.</param>
    /// <param name="witness">The one client that stays, with one subscription.</param>
    public static async Task AssertNoneAsync(InMemoryGateway gateway, MemoryClient witness)
    {
        foreach (var connection in gateway.Connections.All.Where(connection => connection.Transport != witness.Transport))
        {
            await gateway.AdvanceUntilAsync(connection.Ended, "a connection to be handed back");
        }

        await gateway.AdvanceAsync(TimeSpan.FromSeconds(200)); // beyond every interval and delay, and the age of an idle grain
        await witness.NothingMoreAsync();
        Assert.Equal(1, gateway.Connections.Count);
        Assert.Equal(1, gateway.Sessions.Count);
        Assert.Equal(1, gateway.Sessions.All.Sum(session => session.Subscriptions.Count));
        Assert.DoesNotContain(gateway.Activations, grain => grain.StartsWith("SessionGrain/default/fuzz", StringComparison.Ordinal));
    }
}
