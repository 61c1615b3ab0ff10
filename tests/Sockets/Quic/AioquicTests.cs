using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Broker;
using GrainMQ.Tests.Sockets.ThirdParty;
using Xunit;

namespace GrainMQ.Tests.Sockets.Quic;

/// <summary>aioquic, another QUIC stack: <c>Clients/aioquic_client.py</c>, one run for each version.</summary>
public sealed class AioquicTests(SharedGateway shared)
{
    /// <summary>Debian's: another python3 earlier on the path may lack the package.</summary>
    private const string Python = "/usr/bin/python3";

    private static readonly string[] Scenarios =
    [
        "single qos0", "single qos1", "single qos2", "single large", "single keep-alive",
        "multi qos0", "multi qos1", "multi qos2", "multi large", "multi keep-alive",
        "held", "five streams", "migration", "wrong alpn", "no alpn",
    ];

    private static readonly Lazy<bool> IsInstalled = new(() =>
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
    public async Task EveryScenarioSucceeds(ProtocolVersion version)
    {
        Matrix.SkipWhenMissing(ListenerKind.Quic);
        Assert.SkipUnless(IsInstalled.Value, "python3-aioquic is not installed");
        var gateway = shared.Gateway;
        var endPoint = gateway.EndPoint(ListenerKind.Quic);
        await using var script = ClientProcess.Start(Python,
        [
            Path.Combine(ThirdPartyClient.Root(), "tests", "Sockets", "Clients", "aioquic_client.py"), version.Text(), endPoint.Address.ToString(),
            endPoint.Port.ToString(CultureInfo.InvariantCulture), gateway.CertificatePath, $"quic{version.Text()}",
        ]);
        var results = new List<ScriptRuns.Result>();
        while (await script.TryReadLineAsync() is { } line)
        {
            results.Add(JsonSerializer.Deserialize<ScriptRuns.Result>(line, JsonSerializerOptions.Web) ?? throw new JsonException(line));
        }

        await script.EndAsync();
        Assert.DoesNotContain(results, result => result.Error is not null);
        Assert.Equal(Scenarios.Order(), results.Select(result => result.Scenario).Order());
    }
}
