using System.Globalization;
using System.Text;
using GrainMQ.Gateway.Listeners;

namespace GrainMQ.Tests.Sockets.ThirdParty;

/// <summary>Writes <c>docs/compatibility.md</c> from what the tests run.</summary>
internal static class CompatibilityReport
{
    public static string Write()
    {
        var report = new StringBuilder(
            """
            # Compatibility

            Which clients speak to the broker in every run of `./test.sh`, over real sockets, on which protocol versions and transports,
            and what they are seen to do. The tests are in `tests/Sockets/ThirdParty`, the scripts in `tests/Sockets/Clients`.

            Generated: run the tests of `tests/Sockets` with `GRAINMQ_UPDATE=1` to write it anew.

            ## Clients

            ✓ all scenarios of the version below pass. – the client does not have that transport. mosquitto_pub and _sub also publish and subscribe
            over a Unix domain socket (`MosquittoUnixTests`). MQTT.js has no QUIC of its own and runs on a stream of quiche's
            where the machine has libmsquic.


            """);
        WriteClients(report);
        WriteScenarios(report);
        report.Append(
            """
            ## Credentials

            Every client above is let in with user name and password and refused with a wrong one, on every version and transport that it
            has (`CredentialTests`). MQTT.js and a client of our own also use enhanced authentication with SCRAM-SHA-256 on MQTT 5.

            ## Bytes

            Beside them a client of our own sends every packet of the protocol on every version and every transport: whole, byte by
            byte, cut at every byte and glued to its neighbours; silence before, inside and after packets; PINGREQ
            behind a queue that is not read; a null frame in the broker's outbound queue at a rate of one in a thousand
            (`tests/Sockets/Raw`, `tests/Sockets/NullFrames`). QUIC where the machine has libmsquic, a Unix domain socket where the system has them.

            On WebSocket, broken frames and every end are sent and seen as bytes, and every packet from the broker has a frame of its own
            (`WebSocketEndTests`). [MQTT-6.0.0-2] does not ask for that, but Paho C takes one packet of a frame and waits for more: subscribed to
            200 retained messages, Paho C 1.3.12 got one of them when they shared frames, and gets all.

            | | TCP | TLS | WebSocket | Secure WebSocket | QUIC | Unix |
            |---|---|---|---|---|---|---|

            """);
        foreach (var version in Matrix.Versions)
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"| MQTT {version.Text()} {string.Concat(Matrix.Transports.Select(_ => "| ✓ "))}|");
        }

        WriteQuic(report);
        return report.ToString().ReplaceLineEndings("\n");
    }

    private static void WriteClients(StringBuilder report)
    {
        report.AppendLine("| Client | From | MQTT | TCP | TLS | WebSocket | Secure WebSocket | QUIC |").AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (var client in ThirdPartyClient.All)
        {
            foreach (var version in Matrix.Versions)
            {
                var cells = string.Concat(Matrix.Transports.Except([ListenerKind.Unix]).Select(transport => client.Transports.Contains(transport) ? "| ✓ " : "| – "));
                report.AppendLine(CultureInfo.InvariantCulture, $"| {client.Name} | {client.Source} | {version.Text()} {cells}|");
            }
        }

        report.AppendLine();
    }

    private static void WriteScenarios(StringBuilder report)
    {
        report.AppendLine("## Scenarios").AppendLine();
        report.AppendLine(CultureInfo.InvariantCulture, $"| Scenario | What is seen | {string.Join(" | ", ThirdPartyClient.All.Select(client => client.Name))} |");
        report.AppendLine(CultureInfo.InvariantCulture, $"|---|---|{string.Concat(ThirdPartyClient.All.Select(_ => "---|"))}");
        foreach (var scenario in Scenario.All)
        {
            var cells = ThirdPartyClient.All.Select(client => string.Join(", ", Matrix.Versions.Where(version => client.Can(version, scenario)).Select(Matrix.Text)));
            report.AppendLine(CultureInfo.InvariantCulture, $"| {scenario.Name} | {scenario.Description} | {string.Join(" | ", cells)} |");
        }

        report.AppendLine();
    }

    private static void WriteQuic(StringBuilder report)
    {
        report.Append(CultureInfo.InvariantCulture, $"""

            ## QUIC

            Where the machine has libmsquic, two other stacks speak to it, on each version and with packets of our own (`tests/Sockets/Quic`): quiche
            ({ThirdPartyClient.QuicheSource}), which `./test.sh` installs, and aioquic (`python3-aioquic`, which Debian 12 does not have).

            | | quiche | aioquic |
            |---|---|---|
            | one stream, and a control stream with data streams: every QoS, 200 KiB, PINGREQ for more than three Keep Alives | ✓ | ✓ |
            | data streams: used before CONNACK, five at once | ✓ | ✓ |
            | a data stream that ends; one that ends inside a packet | ✓ | – |
            | the client's port changes: by a NAT | ✓ | – |
            | the client's port changes: by the client | – | ✓ |
            | a wrong application protocol is refused | ✓ | ✓ |
            | no application protocol is refused | – | ✓ |

            """);
    }
}
