using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Sockets.ThirdParty;

internal static class ScriptAssert
{
    /// <summary>The script showed every scenario of the version, without an error; skipped where the client is missing.</summary>
    public static async Task SucceedsAsync(ThirdPartyClient client, ScriptRuns runs, ProtocolVersion version, ListenerKind transport)
    {
        Assert.SkipWhen(client.MissingOn(transport) is not null, client.MissingOn(transport) ?? "");
        var results = await runs.ResultsAsync(version, transport);
        Assert.DoesNotContain(results, result => result.Error is not null);
        Assert.Equal(client.Scenarios(version).Select(scenario => scenario.Name).Order(), results.Select(result => result.Scenario).Order());
    }
}
