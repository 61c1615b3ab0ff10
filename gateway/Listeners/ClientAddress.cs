using System.Net;

namespace GrainMQ.Gateway.Listeners;

/// <summary>A client's address as logs, access rules and limits compare it.</summary>
internal static class ClientAddress
{
    /// <summary>An IPv4 client of a listener on every address comes as <c>::ffff:192.0.2.1</c>; it is 192.0.2.1.</summary>
    public static EndPoint? Of(EndPoint? socket) => socket is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped
        ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port)
        : socket;
}
