using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>
/// Broken handshakes of every kind, of TLS or of QUIC, against a broker in a process of its own: its memory before and after, and how long a
/// client that is already connected waits for its own messages meanwhile.
/// </summary>
internal sealed class HandshakeStorm(Func<int, Task> attempt, int rate, int concurrency)
{
    private const int WarmUp = 2000;
    private const int Passes = 2;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentDictionary<string, int> _surprises = [];

    /// <param name="rate">Attempts per second; 0: as many as the two can do.</param>
    /// <param name="calm">Round trips of the client between the passes.</param>
    public static async Task<int> RunAsync(bool overQuic, int attempts, int rate, int concurrency, int calm)
    {
        if (overQuic && !QuicSupport.IsAvailable)
        {
            Console.WriteLine("libmsquic is not installed");
            return 1;
        }

        using var directory = new TemporaryDirectory();
        WriteCertificate(directory.File("rsa.pem"));
        var listener = overQuic ? "quic" : "tls";
        using var broker = await BrokerProcess.StartAsync(
            "--tcp", "127.0.0.1:0", $"--{listener}", "127.0.0.1:0", "--ws", "none", "--cert", directory.File("rsa.pem"), "--log-level", "error",
            "--durability", "memory");
        var server = broker.EndPoint(listener);
        var storm = new HandshakeStorm(overQuic ? i => OverQuicAsync(server, i) : i => OverTlsAsync(server, i), rate, concurrency);
        using var probe = new LatencyProbe(broker.EndPoint("tcp").Port);

        await storm.RunAsync(WarmUp); // code is compiled, pools are filled
        await storm.ReportAsync("calm", broker, probe, () => probe.MeasuredAsync(calm));
        for (var pass = 1; pass <= Passes; pass++)
        {
            await storm.ReportAsync($"{attempts:N0} attempts", broker, probe, () => storm.RunAsync(attempts));
            await storm.ReportAsync("calm", broker, probe, () => probe.MeasuredAsync(calm));
        }

        return 0;
    }

    private static Task OverTlsAsync(IPEndPoint server, int number) =>
        BrokenHandshake.RunAsync(server, BrokenHandshake.Faults[number % BrokenHandshake.Faults.Length]);

    private static Task OverQuicAsync(IPEndPoint server, int number) => QuicSupport.IsAvailable
        ? BrokenQuicHandshake.RunAsync(server, BrokenQuicHandshake.Faults[number % BrokenQuicHandshake.Faults.Length])
        : Task.CompletedTask;

    private async Task ReportAsync(string phase, BrokerProcess broker, LatencyProbe probe, Func<Task> work)
    {
        probe.Reset();
        var cpu = broker.Processor;
        var clock = Stopwatch.StartNew();
        await work();
        var seconds = clock.Elapsed.TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{phase,-16} {seconds,6:F1} s, broker's processor time {(broker.Processor - cpu).TotalSeconds,5:F1} s, round trips {probe.Summary()}, "
            + $"RSS {broker.ResidentBytes / 1048576.0:F1} MB, descriptors {broker.Descriptors}"));
        foreach (var (message, count) in _surprises)
        {
            Console.WriteLine($"  {count} times: {message}");
        }

        _surprises.Clear();
    }

    private async Task RunAsync(int attempts)
    {
        using var turns = new SemaphoreSlim(concurrency);
        using var tick = new PeriodicTimer(Tick);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < attempts; i++)
        {
            while (rate > 0 && i > rate * clock.Elapsed.TotalSeconds)
            {
                await tick.WaitForNextTickAsync();
            }

            await turns.WaitAsync();
            _ = AttemptAsync(i, turns);
        }

        for (var i = 0; i < concurrency; i++)
        {
            await turns.WaitAsync(); // the last ones
        }
    }

    private async Task AttemptAsync(int number, SemaphoreSlim turns)
    {
        try
        {
            await attempt(number);
        }
        catch (Exception e)
        {
            _surprises.AddOrUpdate(e.Message, 1, (_, count) => count + 1); // no attempt throws for what is expected of it
        }
        finally
        {
            turns.Release();
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
