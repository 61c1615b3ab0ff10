using System.Globalization;
using System.Text;
using GrainMQ.Tests.Conformance.Rows;

namespace GrainMQ.Tests.Conformance.Coverage;

/// <summary>Writes <c>docs/conformance.md</c> from the data.</summary>
internal static class CoverageReport
{
    private static readonly (string Version, string Specification)[] Specifications =
    [
        ("5.0", "https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html"),
        ("3.1.1", "https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html"),
    ];

    public static string Write(ConformanceData data)
    {
        var report = new StringBuilder(
            """
            # Conformance

            Which row of `tests/Conformance/Data/rows` shows which numbered statement of the MQTT specifications. A row is a sentence about
            the broker with the bytes that go in and come out. It runs on every version it names against a broker in memory, once as written
            and once with every byte sent alone, and against a broker behind a TCP, a TLS, a WebSocket and, where the machine has libmsquic,
            a QUIC listener. Statements are in our own words; the number leads to the specification's.

            Generated: run the tests of `tests/Conformance` with `GRAINMQ_UPDATE=1` to write it anew.


            """);
        WriteCounts(report, data);
        foreach (var (version, specification) in Specifications)
        {
            WriteStatements(report, data, version, specification);
        }

        report.Append(data.Choices);
        return report.ToString().ReplaceLineEndings("\n");
    }

    private static void WriteCounts(StringBuilder report, ConformanceData data)
    {
        report.AppendLine("| | MQTT 5.0 | MQTT 3.1.1 | MQTT 3.1 |").AppendLine("|---|---|---|---|");
        Line("Statements", statement => true);
        Line("… that bind a server", statement => statement.BindsServer);
        Line("… … shown by rows", statement => statement.BindsServer && statement.Untestable is null);
        Line("… … with a reason why no row can show it", statement => statement.BindsServer && statement.Untestable is not null);
        Line("… that bind a client only", statement => !statement.BindsServer);
        report.AppendLine(CultureInfo.InvariantCulture, $"| Rows | {Rows("5.0")} | {Rows("3.1.1")} | {Rows("3.1")} |").AppendLine();

        void Line(string name, Func<Statement, bool> predicate) => report.AppendLine(
            CultureInfo.InvariantCulture,
            $"| {name} | {data.Statements["5.0"].Count(predicate)} | {data.Statements["3.1.1"].Count(predicate)} | – |");

        int Rows(string version) => data.Rows.Count(entry => entry.Row.Versions.Any(on => on.Version == version));
    }

    private static void WriteStatements(StringBuilder report, ConformanceData data, string version, string specification)
    {
        report.AppendLine(CultureInfo.InvariantCulture, $"## MQTT {version}").AppendLine();
        report.AppendLine(CultureInfo.InvariantCulture, $"Specification: <{specification}>").AppendLine();
        report.AppendLine("| Statement | Binds | What it asks | Rows |").AppendLine("|---|---|---|---|");
        var rows = RowsByStatement(data, version);
        foreach (var statement in data.Statements[version])
        {
            report.AppendLine($"| {statement.Id} | {statement.Binds} | {Cell(statement.Summary)} | {Evidence(statement, rows)} |");
        }

        report.AppendLine();
    }

    public static ILookup<string, string> RowsByStatement(ConformanceData data, string version) => data.Rows
        .SelectMany(entry => entry.Row.Versions
            .Where(on => on.Version == version)
            .SelectMany(on => on.Statements)
            .Select(id => (Id: id, entry.Row.Name)))
        .ToLookup(pair => pair.Id, pair => pair.Name);

    private static string Evidence(Statement statement, ILookup<string, string> rows)
    {
        if (statement.Untestable is not null)
        {
            return $"*{Cell(statement.Untestable)}*";
        }

        return rows.Contains(statement.Id) ? Cell(string.Join("<br>", rows[statement.Id])) : "*Binds the client only.*";
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
