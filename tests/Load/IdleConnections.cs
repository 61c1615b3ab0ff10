using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>What connected clients that say nothing cost a broker in a process of its own, on TCP and TLS.</summary>
internal static class IdleConnections
{
    private const int WarmUp = 100;
    private const int AtOnce = 16;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(int connections)
    {
        using var directory = new TemporaryDirectory();
        using var certificate = TestCertificate.Create("localhost");
        TestCertificate.WritePem(certificate, directory.File("cert.pem"), directory.File("key.pem"));
        foreach (string listener in (string[])["tcp", "tls"])
        {
            using var broker = await BrokerProcess.StartAsync(
                "--tcp", "127.0.0.1:0", "--tls", "127.0.0.1:0", "--ws", "none", "--cert", directory.File("cert.pem"), "--key", directory.File("key.pem"));
            var kept = new List<Stream>(await ConnectAsync(broker.EndPoint(listener), listener == "tls", 0, WarmUp));
            await Task.Delay(Settling);
            long before = broker.ResidentBytes;
            kept.AddRange(await ConnectAsync(broker.EndPoint(listener), listener == "tls", WarmUp, connections));
            await Task.Delay(Settling);
            long after = broker.ResidentBytes;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{listener}: {connections:N0} idle connections, RSS {before >> 20} -> {after >> 20} MB, {(after - before) / 1024.0 / connections:F1} KB each"));
            kept.ForEach(stream => stream.Dispose());
        }

        return 0;
    }

    private static async Task<Stream[]> ConnectAsync(IPEndPoint server, bool isSecure, int from, int count)
    {
        using var turns = new SemaphoreSlim(AtOnce);
        return await Task.WhenAll(Enumerable.Range(from, count).Select(async id =>
        {
            await turns.WaitAsync();
            try
            {
                return await ConnectAsync(server, isSecure, id);
            }
            finally
            {
                turns.Release();
            }
        }));
    }

    private static async Task<Stream> ConnectAsync(IPEndPoint server, bool isSecure, int id)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (isSecure)
        {
            var secure = new SslStream(stream);
            await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            });
            stream = secure;
        }

        await stream.WriteAsync(ClientPackets.Connect(ProtocolVersion.Mqtt311, $"idle-{id}"));
        await stream.ReadExactlyAsync(new byte[4]);
        return stream;
    }
}
