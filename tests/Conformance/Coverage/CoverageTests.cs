using System.Text.RegularExpressions;
using GrainMQ.Tests.Conformance.Notation;
using GrainMQ.Tests.Conformance.Rows;
using Xunit;

namespace GrainMQ.Tests.Conformance.Coverage;

public sealed partial class CoverageTests
{
    private static readonly ConformanceData Data = ConformanceData.Current;

    [Theory]
    [InlineData("3.1.1", 141)]
    [InlineData("5.0", 251)]
    public void EveryNumberedStatementIsListedOnce(string version, int count)
    {
        var ids = Data.Statements[version].Select(statement => statement.Id).ToArray();
        Assert.Equal(count, ids.Distinct().Count());
        Assert.Equal(count, ids.Length);
        Assert.All(ids, id => Assert.Matches(StatementId(), id));
        Assert.All(Data.Statements[version], statement => Assert.Contains(statement.Binds, new[] { "server", "client", "both" }));
    }

    [Theory]
    [InlineData("3.1.1")]
    [InlineData("5.0")]
    public void EveryStatementThatBindsAServerHasARowOrAReason(string version)
    {
        var rows = CoverageReport.RowsByStatement(Data, version);
        Assert.Empty(Data.Statements[version]
            .Where(statement => statement.BindsServer && statement.Untestable is null && !rows.Contains(statement.Id))
            .Select(statement => statement.Id));
        Assert.Empty(Data.Statements[version]
            .Where(statement => statement.Untestable is not null && rows.Contains(statement.Id))
            .Select(statement => $"{statement.Id} has a row and a reason why none is possible"));
    }

    [Fact]
    public void RowsCiteStatementsThatExist()
    {
        foreach (var version in Data.Statements.Keys)
        {
            var known = Data.Statements[version].Select(statement => statement.Id).ToHashSet();
            Assert.Subset(known, CoverageReport.RowsByStatement(Data, version).Select(group => group.Key).ToHashSet());
        }
        Assert.Empty(CoverageReport.RowsByStatement(Data, "3.1"));
    }

    [Fact]
    public void RowsHaveNamesOfTheirOwnAndAVersion()
    {
        var names = Data.Rows.Select(entry => entry.Row.Name).ToArray();
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.All(Data.Rows, entry => Assert.NotEmpty(entry.Row.Versions));
    }

    [Fact]
    public void EveryStepCanBeRead() => Assert.All(Data.Rows.SelectMany(entry => entry.Row.Steps), line =>
    {
        var step = Step.Parse(line);
        foreach (var version in Enum.GetValues<MqttVersion>().Where(step.AppliesTo))
        {
            if (step.Verb == ">")
            {
                BytePattern.Parse(step.Arguments, version);
            }
            else if (step.Verb is "<" or "<<")
            {
                Expectation.ParseMany(step.Arguments, version, step.Connection);
            }
        }
    });

    [Fact]
    public void TheDocumentIsWhatTheDataSays()
    {
        var path = Path.Combine(ConformanceData.Root, "docs", "conformance.md");
        var report = CoverageReport.Write(Data);
        if (Environment.GetEnvironmentVariable("GRAINMQ_UPDATE") == "1")
        {
            File.WriteAllText(path, report);
        }

        Assert.True(File.Exists(path) && File.ReadAllText(path) == report, "docs/conformance.md is stale: run with GRAINMQ_UPDATE=1");
    }

    [GeneratedRegex(@"^MQTT-\d+\.\d+(\.\d+)?-\d+$")]
    private static partial Regex StatementId();
}
