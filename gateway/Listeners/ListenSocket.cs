using System.Net;
using System.Net.Sockets;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Binds the socket of every kind of listener, so that all of them fail with the same words.</summary>
internal static class ListenSocket
{
    /// <summary>A reconnecting fleet arrives faster than it can be accepted; the kernel lowers this to its own maximum (somaxconn).</summary>
    public const int Backlog = 4096;

    // seconds: a peer that is gone is noticed after two minutes, also where its client asked for no Keep Alive
    private const int SilenceBeforeProbes = 60;
    private const int ProbeInterval = 15;
    private const int Probes = 4;

    /// <exception cref="StartupException">The address cannot be had.</exception>
    public static Socket Bind(ListenerOptions listener, IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = endPoint.Address.Equals(IPAddress.IPv6Any);
            }

            KeepAlive(socket);
            socket.Bind(endPoint);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new StartupException($"Cannot listen on {endPoint} (listener '{listener.Name}'): {Explain(e, endPoint, listener)}", e);
        }
    }

    /// <summary>The kernel asks silent peers whether they live. Accepted sockets inherit it, at no cost for each.</summary>
    private static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, SilenceBeforeProbes);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeInterval);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
    }

    private static string Explain(SocketException e, IPEndPoint endPoint, ListenerOptions listener)
    {
        var key = $"--{listener.Kind.ToString().ToLowerInvariant()} ADDR:PORT (Listeners:{listener.Name}:Address)";
        return e.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse =>
                $"another program uses this port. Stop it, or choose another port with {key}.",
            SocketError.AccessDenied when endPoint.Port is > 0 and < 1024 =>
                $"ports below 1024 need a privilege. Grant CAP_NET_BIND_SERVICE, or choose a port from 1024 up with {key}.",
            SocketError.AddressNotAvailable =>
                $"this machine has no such address. Choose one of its own, or * for all, with {key}.",
            SocketError.AddressFamilyNotSupported =>
                $"this machine does not support {endPoint.AddressFamily}. Choose another address with {key}.",
            _ => $"{e.Message}. Choose another address with {key}.",
        };
    }
}
