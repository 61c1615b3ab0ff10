using System.Runtime.CompilerServices;
using GrainMQ.Gateway.Configuration;
using GrainMQ.Silo;
using GrainMQ.Silo.Configuration;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

/// <summary>Holds <c>docs/operations.md</c> against the code.</summary>
public sealed class OperationsDocumentTests
{
    private const string Begin = "<!-- events: written by OperationsDocumentTests, GRAINMQ_UPDATE=1 -->\n";
    private const string End = "<!-- /events -->";

    private static readonly string Path = System.IO.Path.GetFullPath(
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Here()) ?? "", "../../../docs/operations.md"));

    private static readonly IReadOnlyList<OptionKey> OfSilo = OptionKey.Of(typeof(SiloOptions));

    [Fact]
    public void EventTableIsThatOfTheCode()
    {
        var document = File.ReadAllText(Path);
        var begin = document.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = document.IndexOf(End, StringComparison.Ordinal);
        var table = Table();
        if (Environment.GetEnvironmentVariable("GRAINMQ_UPDATE") == "1")
        {
            File.WriteAllText(Path, document[..begin] + table + document[end..]);
        }
        else
        {
            Assert.True(document[begin..end] == table, "docs/operations.md is stale: run with GRAINMQ_UPDATE=1");
        }
    }

    [Fact]
    public void EventIdsAreUnique() => Assert.Empty(ProductEvents.All().GroupBy(e => e.Attribute.EventId).Where(same => same.Count() > 1).Select(same => same.Key));

    [Fact]
    public void EveryOptionIsDocumentedWithItsDefaultAndItsRange()
    {
        var lines = File.ReadAllLines(Path);
        var options = new GatewayOptions();
        var silo = new SiloOptions();
        foreach (var (key, target) in GatewayKeys.All.Select(key => (key, key.Target(options))).Concat(OfSilo.Select(key => (key, key.Target(silo)))))
        {
            var value = OptionValue.Format(key.Property.GetValue(target));
            var row = $"| `{key.Text}` | {(value.Length == 0 ? "–" : $"`{value}`")} | {OptionValue.RangeOf(key) ?? "–"} |";
            Assert.True(lines.Any(line => line.StartsWith(row, StringComparison.Ordinal)), $"docs/operations.md has no row that begins with {row}");
        }
        foreach (var key in GatewayKeys.Everywhere.Except(GatewayKeys.All))
        {
            Assert.Contains(lines, line => line.StartsWith($"| `{key.Text}` |", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void NoOptionIsDocumentedThatDoesNotExist()
    {
        var keys = GatewayKeys.Everywhere.Concat(OfSilo).Select(key => key.Text).ToHashSet();
        var documented = File.ReadLines(Path)
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal) && line.Contains(':'))
            .Select(line => line.Split('`')[1])
            .Where(name => name.Contains(':') && !name.Contains(' ') && !name.StartsWith('-')); // what a process says has blanks

        Assert.DoesNotContain(documented, name => !keys.Contains(name));
    }

    private static string Table() => "\n| Id | Level | Class | Message |\n|---|---|---|---|\n" + string.Concat(
        from e in ProductEvents.All()
        orderby e.Attribute.EventId
        select $"| {e.Attribute.EventId} | {e.Attribute.Level} | {Class(e.Method.DeclaringType)} | {e.Attribute.Message.Replace("|", "\\|")} |\n") + "\n";

    // Messages may be declared in a nested class.
    private static string? Class(Type? type) => type?.DeclaringType is { } outer ? Class(outer) : type?.Name;

    private static string Here([CallerFilePath] string file = "") => file;
}
