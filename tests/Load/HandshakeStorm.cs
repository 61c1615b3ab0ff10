using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>
/// Broken TLS handshakes of every kind against a broker in a process of its own: its memory before and after, and how long a client that is
/// already connected waits for its own messages meanwhile.
/// </summary>
internal static class HandshakeStorm
{
    private const int WarmUp = 2000;
    private const int Passes = 3;

    /// <param name="rate">Attempts per second; 0: as many as the two can do.</param>
    public static async Task<int> RunAsync(int attempts, int rate, int concurrency, TimeSpan calm)
    {
        using var directory = new TemporaryDirectory();
        WriteCertificate(directory.File("rsa.pem"));
        using var broker = await BrokerProcess.StartAsync(
            "--tcp", "127.0.0.1:0", "--tls", "127.0.0.1:0", "--ws", "none", "--cert", directory.File("rsa.pem"), "--log-level", "error");
        using var probe = await LatencyProbe.StartAsync(broker.EndPoint("tcp").Port);

        await StormAsync(broker.EndPoint("tls"), WarmUp, rate, concurrency); // code is compiled, pools are filled
        await Report("calm", broker, probe, () => Task.Delay(calm));
        for (int pass = 1; pass <= Passes; pass++)
        {
            await Report($"{attempts:N0} attempts", broker, probe, () => StormAsync(broker.EndPoint("tls"), attempts, rate, concurrency));
            await Report("calm", broker, probe, () => Task.Delay(calm));
        }

        return 0;
    }

    private static async Task Report(string phase, BrokerProcess broker, LatencyProbe probe, Func<Task> work)
    {
        probe.Reset();
        var cpu = broker.Processor;
        var clock = Stopwatch.StartNew();
        await work();
        double seconds = clock.Elapsed.TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{phase,-16} {seconds,6:F1} s, broker's processor time {(broker.Processor - cpu).TotalSeconds,5:F1} s, round trips {probe.Summary()}, "
            + $"RSS {broker.ResidentBytes / 1048576.0:F1} MB, descriptors {broker.Descriptors}"));
    }

    private static async Task StormAsync(IPEndPoint server, int attempts, int rate, int concurrency)
    {
        using var turns = new SemaphoreSlim(concurrency);
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < attempts; i++)
        {
            if (rate > 0 && i * 1000.0 / rate - clock.Elapsed.TotalMilliseconds is > 2 and var early)
            {
                await Task.Delay((int)early);
            }

            await turns.WaitAsync();
            _ = AttemptAsync(BrokenHandshake.Faults[i % BrokenHandshake.Faults.Length]);
        }

        for (int i = 0; i < concurrency; i++)
        {
            await turns.WaitAsync();
        }

        turns.Release(concurrency);

        async Task AttemptAsync(HandshakeFault fault)
        {
            try
            {
                await BrokenHandshake.RunAsync(server, fault);
            }
            finally
            {
                turns.Release();
            }
        }
    }

    // RSA, because its signature is what costs a server most.
    private static void WriteCertificate(string path)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(path, $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");
    }
}
