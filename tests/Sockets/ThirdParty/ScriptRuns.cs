using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Sockets.ThirdParty;

/// <summary>
/// The scripts of one client, one run for each version and transport. They idle most of their time, so the first to be asked for
/// starts all of them, a few at a time.
/// </summary>
internal sealed class ScriptRuns(ThirdPartyClient client, SocketGateway gateway)
{
    private const int AtOnce = 6;

    private readonly ConcurrentDictionary<(ProtocolVersion, ListenerKind), Task<Result[]>> _runs = [];
    private readonly SemaphoreSlim _turns = new(AtOnce);

    /// <summary>What a script printed of one scenario; no error: it went as it should.</summary>
    public sealed record Result(string Scenario, string? Error);

    /// <summary>What a script prints until it ends.</summary>
    public static async Task<Result[]> ReadAsync(ClientProcess script)
    {
        var results = new List<Result>();
        while (await script.TryReadLineAsync() is { } line)
        {
            results.Add(JsonSerializer.Deserialize<Result>(line, JsonSerializerOptions.Web) ?? throw new JsonException(line));
        }

        await script.EndAsync();
        return [.. results];
    }

    public Task<Result[]> ResultsAsync(ProtocolVersion version, ListenerKind transport)
    {
        foreach (var each in Matrix.Versions)
        {
            foreach (var kind in client.Transports.Where(kind => client.MissingOn(kind) is null))
            {
                _runs.GetOrAdd((each, kind), row => RunAsync(row.Item1, row.Item2));
            }
        }

        return _runs[(version, transport)];
    }

    private async Task<Result[]> RunAsync(ProtocolVersion version, ListenerKind transport)
    {
        await _turns.WaitAsync();
        try
        {
            var endPoint = gateway.EndPoint(transport);
            await using var script = client.Start(
                version.Text(), transport.Text(), endPoint.Address.ToString(), endPoint.Port.ToString(CultureInfo.InvariantCulture),
                gateway.CertificatePath, $"{(client == ThirdPartyClient.Paho ? "py" : "js")}{version.Text()}{transport.Text()}");
            return await ReadAsync(script);
        }
        finally
        {
            _turns.Release();
        }
    }
}
