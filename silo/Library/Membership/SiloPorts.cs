using System.Net;
using System.Net.Sockets;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Hosting;

namespace GrainMQ.Silo;

/// <summary>
/// Looks at the ports before Orleans does: it shares a busy one with its owner, and each of the two gets a part of the connections. Also at the
/// primary silo, for which it would wait without a word.
/// </summary>
internal sealed class SiloPorts(SiloOptions options) : IHostedService
{
    /// <exception cref="StartupException">A port is taken, or no silo listens where the primary one should.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var cluster = options.Cluster;
        Check(cluster.SiloPort, nameof(cluster.SiloPort));
        Check(cluster.GatewayPort, nameof(cluster.GatewayPort));
        if (cluster.PrimaryPort is { } primary && primary != cluster.SiloPort && !await IsListeningAsync(primary, cancellationToken))
        {
            throw new StartupException(
                $"No silo listens on 127.0.0.1:{primary} (Cluster:PrimaryPort). Start that one first, or leave Cluster:PrimaryPort out for the first silo of a cluster.");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Returns whether a process accepts connections on a port of this machine.</summary>
    public static async Task<bool> IsListeningAsync(int port, CancellationToken cancellationToken)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static void Check(int port, string key)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        }
        catch (SocketException e)
        {
            var cause = e.SocketErrorCode == SocketError.AddressAlreadyInUse ? "another program uses this port" : e.Message;
            throw new StartupException($"The silo cannot listen on 127.0.0.1:{port}: {cause}. Choose another port with --set Cluster:{key}=PORT.", e);
        }
    }
}
