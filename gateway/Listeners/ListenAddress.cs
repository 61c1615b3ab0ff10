using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Reads the address of a listener as it is written in the configuration.</summary>
public static class ListenAddress
{
    private const string Expected = "IPV4:PORT, [IPV6]:PORT, localhost:PORT, *:PORT, one of them without :PORT, or none";

    /// <summary>Returns whether the address removes the listener.</summary>
    public static bool IsNone(string address) => address.Equals("none", StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns the port for an address without one: IANA's for MQTT over TCP and TLS, EMQX's and NanoMQ's customary ones for the others.</summary>
    public static int DefaultPort(ListenerKind kind) => kind switch
    {
        ListenerKind.Tcp => 1883,
        ListenerKind.Tls => 8883,
        ListenerKind.Ws => 8083,
        ListenerKind.Wss => 8084,
        ListenerKind.Quic => 14567,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>Reads the address of a listener other than a Unix domain socket; the port may be left out (<see cref="DefaultPort"/>).</summary>
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

    /// <summary>The line for the operator when the address cannot be read.</summary>
    public static string Fault(ListenerOptions listener) =>
        $"Listeners:{listener.Name}:Address: read '{listener.Address}', expected {Expected}.";

    /// <summary>Returns whether only this machine can reach the address.</summary>
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
