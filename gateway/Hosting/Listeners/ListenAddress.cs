using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>Where a listener listens, as it is written in the configuration.</summary>
public static class ListenAddress
{
    public const string Expected = "IPV4:PORT, [IPV6]:PORT, localhost:PORT, *:PORT or none";

    /// <summary>An address that takes the listener away.</summary>
    public static bool IsNone(string address) => address.Equals("none", StringComparison.OrdinalIgnoreCase);

    public static bool TryParse(string address, [NotNullWhen(true)] out IPEndPoint? endPoint)
    {
        endPoint = null;
        var colon = address.LastIndexOf(':');
        if (colon <= 0 || !TryParsePort(address.AsSpan(colon + 1), out var port) || !TryParseHost(address[..colon], out var ip))
            return false;
        endPoint = new IPEndPoint(ip, port);
        return true;
    }

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
