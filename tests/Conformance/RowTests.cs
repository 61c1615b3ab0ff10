using GrainMQ.Tests.Conformance.Rows;
using GrainMQ.Tests.Conformance.Running;
using Xunit;

namespace GrainMQ.Tests.Conformance;

/// <summary>Every row of <c>Data/rows</c> on every version it names, as written and with every byte sent alone.</summary>
public sealed class RowTests
{
    public static TheoryData<string, string, string> All => Select(_ => true);

    public static TheoryData<string, string, string> Splittable => Select(row => row.Split);

    [Theory]
    [MemberData(nameof(All))]
    public Task BrokerDoesWhatTheRowSays(string version, string file, string row) =>
        RowRunner.RunAsync(ConformanceData.Current.Find(file, row), version, everyByteAlone: false);

    [Theory]
    [MemberData(nameof(Splittable))]
    public Task BrokerDoesTheSameByteByByte(string version, string file, string row) =>
        RowRunner.RunAsync(ConformanceData.Current.Find(file, row), version, everyByteAlone: true);

    private static TheoryData<string, string, string> Select(Predicate<Row> predicate)
    {
        var data = new TheoryData<string, string, string>();
        foreach (var (file, row) in ConformanceData.Current.Rows.Where(entry => predicate(entry.Row)))
        {
            foreach (var (version, _) in row.Versions)
                data.Add(version, file, row.Name);
        }
        return data;
    }
}
