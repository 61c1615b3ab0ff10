using System.Diagnostics;
using System.Globalization;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Broker;
using GrainMQ.Tests.Sockets.ThirdParty;
using Xunit;

namespace GrainMQ.Tests.Sockets.Quic;

/// <summary>Other QUIC stacks than the broker's: a script in <c>Clients</c> for each, one run for each version.</summary>
public sealed class ForeignStackTests(SharedGateway shared)
{
    /// <summary>Debian's: another python3 earlier on the path may lack the package.</summary>
    private const string Python = "/usr/bin/python3";

    private static readonly string[] Scenarios =
    [
        "single qos0", "single qos1", "single qos2", "single large", "single keep-alive",
        "multi qos0", "multi qos1", "multi qos2", "multi large", "multi keep-alive",
        "held", "five streams", "migration", "wrong alpn",
    ];

    private static readonly Lazy<bool> HasAioquic = new(() =>
    {
        if (!File.Exists(Python))
        {
            return false;
        }

        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", "import aioquic.asyncio"]) { RedirectStandardError = true });
        process?.WaitForExit();
        return process?.ExitCode == 0;
    });

    public static TheoryData<ProtocolVersion> Versions => new(Matrix.Versions);

    [Theory, MemberData(nameof(Versions))]
    public async Task AioquicSucceedsInEveryScenario(ProtocolVersion version)
    {
        Matrix.SkipWhenMissing(ListenerKind.Quic);
        Assert.SkipUnless(HasAioquic.Value, "python3-aioquic is not installed");
        await SucceedsAsync(Python, "aioquic_client.py", version, [.. Scenarios, "no alpn"]);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task QuicheSucceedsInEveryScenario(ProtocolVersion version)
    {
        Matrix.SkipWhenMissing(ListenerKind.Quic);
        Assert.SkipWhen(ThirdPartyClient.QuicheMissing.Value is not null, ThirdPartyClient.QuicheMissing.Value ?? "");
        await SucceedsAsync("node", "quiche_client.mjs", version, [.. Scenarios, "ended stream", "broken stream"]);
    }

    private async Task SucceedsAsync(string program, string script, ProtocolVersion version, string[] scenarios)
    {
        var gateway = shared.Gateway;
        var endPoint = gateway.EndPoint(ListenerKind.Quic);
        await using var process = ClientProcess.Start(program,
        [
            Path.Combine(ThirdPartyClient.Root(), "tests", "Sockets", "Clients", script), version.Text(), endPoint.Address.ToString(),
            endPoint.Port.ToString(CultureInfo.InvariantCulture), gateway.CertificatePath, $"{Path.GetFileNameWithoutExtension(script)}{version.Text()}",
        ]);
        var results = await ScriptRuns.ReadAsync(process);
        Assert.DoesNotContain(results, result => result.Error is not null);
        Assert.Equal(scenarios.Order(), results.Select(result => result.Scenario).Order());
    }
}
