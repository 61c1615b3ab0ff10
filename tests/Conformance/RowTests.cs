using GrainMQ.Gateway.Listeners;
using GrainMQ.Tests.Conformance.Rows;
using GrainMQ.Tests.Conformance.Running;
using Xunit;

namespace GrainMQ.Tests.Conformance;

/// <summary>Every row of <c>Data/rows</c> on every version it names: in memory, as written and with every byte sent alone, and over real sockets.</summary>
public sealed class RowTests
{
    private static readonly ListenerKind[] Transports = [ListenerKind.Tcp, ListenerKind.Tls, ListenerKind.Ws, ListenerKind.Quic];

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

    /// <summary>The same through a listener, its sockets, TLS, WebSocket frames and QUIC packets.</summary>
    [Theory]
    [MemberData(nameof(OnSockets))]
    public Task BrokerDoesTheSameOnASocket(ListenerKind transport, string version, string file, string row)
    {
        Assert.SkipWhen(transport == ListenerKind.Quic && !QuicSupport.IsAvailable, "libmsquic is not installed");
        return RowRunner.RunAsync(ConformanceData.Current.Find(file, row), version, transport);
    }

    public static TheoryData<ListenerKind, string, string, string> OnSockets => new(
        from transport in Transports
        from entry in ConformanceData.Current.Rows
        from version in entry.Row.Versions
        select (transport, version.Version, entry.File, entry.Row.Name));

    private static TheoryData<string, string, string> Select(Predicate<Row> predicate)
    {
        var data = new TheoryData<string, string, string>();
        foreach (var (file, row) in ConformanceData.Current.Rows.Where(entry => predicate(entry.Row)))
        {
            foreach (var (version, _) in row.Versions)
            {
                data.Add(version, file, row.Name);
            }
        }
        return data;
    }
}
