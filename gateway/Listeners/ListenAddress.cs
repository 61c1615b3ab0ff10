using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Where a listener listens, as it is written in the configuration.</summary>
public static class ListenAddress
{
    private const string Expected = "IPV4:PORT, [IPV6]:PORT, localhost:PORT, *:PORT, one of them without :PORT, or none";

    /// <summary>An address that takes the listener away.</summary>
    public static bool IsNone(string address) => address.Equals("none", StringComparison.OrdinalIgnoreCase);

    /// <summary>The port where the address names none: IANA's for MQTT over TCP and TLS, EMQX's and NanoMQ's customary ones for the others.</summary>
    public static int DefaultPort(ListenerKind kind) => kind switch
    {
        ListenerKind.Tcp => 1883,
        ListenerKind.Tls => 8883,
        ListenerKind.Ws => 8083,
        ListenerKind.Wss => 8084,
        ListenerKind.Quic => 14567,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>The address of a listener that has a port; without one it is <see cref="DefaultPort"/>.</summary>
    public static bool TryParse(ListenerOptions listener, [NotNullWhen(true)] out IPEndPoint? endPoint)
    {
        var address = listener.Address;
        endPoint = null;
        if (TryParseHost(address, out var host))
        {
            endPoint = new IPEndPoint(host, DefaultPort(listener.Kind));
            return true;
        }
        var colon = address.LastIndexOf(':');
        if (colon <= 0 || !TryParsePort(address.AsSpan(colon + 1), out var port) || !TryParseHost(address[..colon], out host))
        {
            return false;
        }

        endPoint = new IPEndPoint(host, port);
        return true;
    }

    /// <summary>What to tell when it is none.</summary>
    public static string Fault(ListenerOptions listener) =>
        $"Listeners:{listener.Name}:Address: read '{listener.Address}', expected {Expected}.";

    /// <summary>Whether only this machine can reach it.</summary>
    public static bool IsLoopback(IPEndPoint endPoint) => IPAddress.IsLoopback(endPoint.Address);

    private static bool TryParsePort(ReadOnlySpan<char> text, out ushort port)
    {
        port = 0;
        return text.Length > 0 && !text.ContainsAnyExceptInRange('0', '9') && ushort.TryParse(text, out port);
    }

    private static bool TryParseHost(string host, [NotNullWhen(true)] out IPAddress? ip)
    {
        ip = host switch
        {
            "*" => IPAddress.IPv6Any, // bound in dual mode: IPv4 too
            _ when host.Equals("localhost", StringComparison.OrdinalIgnoreCase) => IPAddress.Loopback,
            ['[', .. var inner, ']'] => IPAddress.TryParse(inner, out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6 ? v6 : null,
            _ => IPAddress.TryParse(host, out var v4) && v4.AddressFamily == AddressFamily.InterNetwork && host.Count(c => c == '.') == 3
                ? v4
                : null,
        };
        return ip is not null;
    }
}
