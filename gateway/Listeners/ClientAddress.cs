using System.Net;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Normalizes a client's address for logs, access rules and limits.</summary>
internal static class ClientAddress
{
    /// <summary>Turns <c>::ffff:192.0.2.1</c>, as a listener on every address sees an IPv4 client, into 192.0.2.1.</summary>
    public static EndPoint? Of(EndPoint? socket) => socket is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped
        ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port)
        : socket;
}
