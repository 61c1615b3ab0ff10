using System.Security.Cryptography.X509Certificates;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>A broker in a process of its own that listens on TCP, TLS and, where libmsquic is installed, QUIC.</summary>
internal sealed class RoadsBroker : IDisposable
{
    private readonly TemporaryDirectory _directory;
    private readonly X509Certificate2 _certificate;

    private RoadsBroker(BrokerProcess process, TemporaryDirectory directory, X509Certificate2 certificate) =>
        (Process, _directory, _certificate) = (process, directory, certificate);

    public static ListenerKind[] Roads => QuicSupport.IsAvailable ? [ListenerKind.Tcp, ListenerKind.Tls, ListenerKind.Quic] : [ListenerKind.Tcp, ListenerKind.Tls];

    public BrokerProcess Process { get; }

    /// <summary>Says on the console what is left out.</summary>
    public static async Task<RoadsBroker> StartAsync()
    {
        if (!QuicSupport.IsAvailable)
        {
            Console.WriteLine("quic is left out: libmsquic is not installed");
        }

        var directory = new TemporaryDirectory();
        var certificate = TestCertificate.Create("localhost");
        TestCertificate.WritePem(certificate, directory.File("cert.pem"), directory.File("key.pem"));
        var process = await BrokerProcess.StartAsync(
        [
            .. Roads.SelectMany(road => (string[])[$"--{NameOf(road)}", "127.0.0.1:0"]), "--ws", "none", "--durability", "memory", "--log-level", "error",
            "--cert", directory.File("cert.pem"), "--key", directory.File("key.pem"),
        ]);
        return new RoadsBroker(process, directory, certificate);
    }

    /// <summary>As it is written on the command line.</summary>
    public static string NameOf(ListenerKind road) => road.ToString().ToLowerInvariant();

    public async Task<LoadClient> ConnectAsync(ListenerKind road, string clientId)
    {
        var client = LoadClient.On(await RawStream.ConnectAsync(road, Process.EndPoint(NameOf(road)), _certificate));
        await client.SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt311, clientId));
        return (await client.ReceiveAsync()).Length == 4 ? client : throw new IOException("The broker refused the client.");
    }

    public void Dispose()
    {
        Process.Dispose();
        _certificate.Dispose();
        _directory.Dispose();
    }
}
