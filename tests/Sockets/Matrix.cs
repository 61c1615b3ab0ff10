using System.Globalization;
using System.Net.Sockets;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Sockets;

/// <summary>What every socket test runs on: {3.1, 3.1.1, 5} × {tcp, tls, ws, wss, quic, unix}.</summary>
public static class Matrix
{
    public static readonly ProtocolVersion[] Versions = Enum.GetValues<ProtocolVersion>();

    public static readonly ListenerKind[] Transports = Enum.GetValues<ListenerKind>();

    /// <summary>What third-party clients of the usual kind speak.</summary>
    public static readonly ListenerKind[] SocketTransports = [.. Transports.Except([ListenerKind.Quic, ListenerKind.Unix])];

    public static TheoryData<ProtocolVersion, ListenerKind> VersionsAndTransports => new(
        from version in Versions
        from transport in Transports
        select (version, transport));

    public static TheoryData<ProtocolVersion, ListenerKind> VersionsAndSocketTransports => new(
        from version in Versions
        from transport in SocketTransports
        select (version, transport));

    public static TheoryData<ProtocolVersion, ListenerKind, QoS> WithQoS => new(
        from version in Versions
        from transport in Transports
        from qos in Enum.GetValues<QoS>()
        select (version, transport, qos));

    /// <summary>Ends the test as skipped when this machine cannot speak the transport.</summary>
    public static void SkipWhenMissing(ListenerKind transport) => Assert.SkipWhen(Missing(transport) is not null, Missing(transport) ?? "");

    /// <summary>Why this machine cannot speak the transport; null when it can.</summary>
    public static string? Missing(ListenerKind transport) => transport switch
    {
        ListenerKind.Quic when !QuicSupport.IsAvailable => "libmsquic is not installed",
        ListenerKind.Unix when !Socket.OSSupportsUnixDomainSockets => "this system has no Unix domain sockets",
        _ => null,
    };

    /// <summary>As people write it.</summary>
    public static string Text(this ProtocolVersion version) => version switch
    {
        ProtocolVersion.Mqtt31 => "3.1",
        ProtocolVersion.Mqtt311 => "3.1.1",
        _ => "5.0",
    };

    public static string Text(this ListenerKind transport) => transport.ToString().ToLower(CultureInfo.InvariantCulture);

    /// <summary>A client identifier of one row of the matrix.</summary>
    public static string Client(string name, ProtocolVersion version, ListenerKind transport) => $"{name}-{version.Text()}-{transport.Text()}";
}
