using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>
/// Bytes that a client should not send, below MQTT: instead of a TLS handshake, on an encrypted connection, instead of an HTTP request. What the
/// libraries throw for them is the client's doing, never an error of the server.
/// </summary>
public sealed class UnexpectedBytesTests : IDisposable
{
    private static readonly byte[] RecordTypes = [0, 19, 20, 21, 22, 23, 24, 25, 128, 255];
    private static readonly byte[][] Versions = [[3, 1], [3, 3], [2, 0], [255, 255]];
    private static readonly int[] Lengths = [0, 1, 2, 4, 64, 16_384, 16_385, 18_433, 65_535];

    private readonly TemporaryDirectory _directory = new();
    private readonly TlsOptions _tls;

    public UnexpectedBytesTests()
    {
        _tls = new() { Certificate = _directory.File("cert.pem"), Key = _directory.File("key.pem") };
        using var certificate = TestCertificate.Create("patient");
        TestCertificate.WritePem(certificate, _tls.Certificate, _tls.Key);
    }

    public static TheoryData<ListenerKind> Secure => [ListenerKind.Tls, ListenerKind.Wss];

    public static TheoryData<ListenerKind, string> FirstBytes => new(
        Secure.SelectMany(static row => (TheoryDataRow<ListenerKind, string>[])
        [
            (row.Data, "15 03 01 00 02 02 28"), // an alert
            (row.Data, "14 03 01 00 01 01"), // change_cipher_spec
            (row.Data, "17 03 01 00 02 02 28"), // application data
            (row.Data, "18 03 01 00 03 01 40 00"), // a heartbeat
            (row.Data, "16 03 03 00 2A 02 00 00 26 03 03" + string.Concat(Enumerable.Repeat(" 5A", 32)) + " 00 C0 2F 00 00"), // a ServerHello
            (row.Data, "16 03 01 FF FF" + string.Concat(Enumerable.Repeat(" 01", 64))), // a record longer than any
        ]));

    public static TheoryData<ListenerKind, SslProtocols> Encrypted => new()
    {
        { ListenerKind.Tls, SslProtocols.Tls12 },
        { ListenerKind.Tls, SslProtocols.Tls13 },
        { ListenerKind.Wss, SslProtocols.Tls12 },
        { ListenerKind.Wss, SslProtocols.Tls13 },
    };


    public void Dispose() => _directory.Dispose();

    [Theory, MemberData(nameof(FirstBytes))]
    public async Task InsteadOfAHandshakeIsTheLineOfAHandshake(ListenerKind kind, string bytes)
    {
        await using var harness = await ListenerHarness.StartAsync(kind, _tls);
        using var client = await SocketListenerTests.ConnectAsync(harness);

        await client.SendAsync(Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal)));
        if (!bytes.StartsWith("16 03 01 FF", StringComparison.Ordinal))
        {
            await EndAsync(client); // by the server, at once
        }
        else
        {
            client.Shutdown(SocketShutdown.Send);
            await EndAsync(client);
        }

        await Stuck.UntilAsync(() => harness.Log.Lines.Any(static line => line.EventId == 1110), "the line");
        AssertCalm(harness, expected: 1110);
    }

    [Theory, MemberData(nameof(Secure))]
    public async Task WhateverTheRecordInsteadOfAHandshakeIsALineOfAHandshakeAndNoError(ListenerKind kind)
    {
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow()); // no timeout helps
        await using var harness = await ListenerHarness.StartAsync(kind, _tls, time);

        await Parallel.ForEachAsync(Records(), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (record, _) =>
        {
            using var client = await SocketListenerTests.ConnectAsync(harness);
            await SendAndEndAsync(client, record).OrStuck(Convert.ToHexString(record.AsSpan(0, Math.Min(16, record.Length))));
        });

        await Stuck.UntilAsync(() => time.ArmedTimers == 1, "the last timeout to be given back"); // the certificate's poll is left
        await using var next = await new SecureClient().ConnectAsync(harness.Listener.EndPoint).OrStuck("a handshake after them");
        Assert.Contains(harness.Log.Lines, static line => line.EventId == 1110); // the LogLimiter, of which this listener has none, bounds them
        AssertCalm(harness, expected: 1110);
    }

    [Theory, MemberData(nameof(Encrypted))]
    public async Task RecordsOnAnEncryptedConnectionEndItWithoutALine(ListenerKind kind, SslProtocols protocol)
    {
        await using var harness = await ListenerHarness.StartAsync(kind, _tls);
        await Parallel.ForEachAsync(Records().Where(static (_, i) => i % 17 == 0), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (record, _) =>
        {
            var socket = await SocketListenerTests.ConnectAsync(harness);
            await using var secure = await new SecureClient { Protocols = protocol }.ConnectAsync(socket);
            await secure.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
            await secure.ReadExactlyAsync(new byte[10]); // an answer, or the echo: the server's side of the handshake has ended too

            await SendAndEndAsync(socket, record).OrStuck(Convert.ToHexString(record.AsSpan(0, Math.Min(16, record.Length))));
        });

        await using var next = await new SecureClient().ConnectAsync(harness.Listener.EndPoint).OrStuck("a connection after them");
        Assert.All(harness.Handler.Ended, static cause => Assert.True(cause is null or IOException, $"{cause}"));
        AssertCalm(harness, expected: null);
    }

    [Theory]
    [InlineData(ListenerKind.Ws)]
    [InlineData(ListenerKind.Wss)]
    public async Task WhateverTheRequestIsNoErrorAndNoUpgrade(ListenerKind kind)
    {
        await using var harness = await ListenerHarness.StartAsync(kind, _tls);
        foreach (var request in Requests())
        {
            for (var cut = request.Length; cut > 0; cut = cut > 40 ? cut / 2 : 0)
            {
                var socket = await SocketListenerTests.ConnectAsync(harness);
                await using Stream stream = kind == ListenerKind.Wss ? await new SecureClient().ConnectAsync(socket) : new NetworkStream(socket, ownsSocket: true);
                await stream.WriteAsync(Encoding.Latin1.GetBytes(request[..cut]));
                socket.Shutdown(SocketShutdown.Send);
                var answer = await ReadAsync(stream).OrStuck(request[..cut]);
                Assert.DoesNotContain(" 101 ", answer);
            }
        }

        Assert.Empty(harness.Handler.Accepted);
        AssertCalm(harness, expected: null);
    }

    private static IEnumerable<byte[]> Records()
    {
        var random = new Random(7);
        foreach (var type in RecordTypes)
        {
            foreach (var version in Versions)
            {
                foreach (var length in Lengths)
                {
                    byte[] header = [type, .. version, (byte)(length >> 8), (byte)length];
                    yield return header[..random.Next(1, 5)];
                    foreach (var sent in (int[])[0, 1, length / 2, length])
                    {
                        var body = new byte[Math.Min(sent, 20_000)];
                        random.NextBytes(body);
                        if (body.Length > 3)
                        {
                            // a handshake message of any kind, or an alert of any kind
                            (body[0], body[1], body[2]) = ((byte)random.Next(0, 25), 0, (byte)random.Next(2));
                        }

                        yield return [.. header, .. body];
                    }
                }
            }
        }
    }

    private static IEnumerable<string> Requests()
    {
        const string Upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
        const string Key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        const string Rest = "Host: a\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n";
        yield return $"GET /mqtt HTTP/1.0\r\n{Upgrade}{Key}{Rest}\r\n"; // RFC 6455 §4.2.1
        yield return $"GET /mqtt HTTP/0.9\r\n{Upgrade}{Key}{Rest}\r\n";
        yield return $"GET /mqtt HTTP/2.0\r\n{Upgrade}{Key}{Rest}\r\n";
        yield return $"POST /mqtt HTTP/1.1\r\n{Upgrade}{Key}{Rest}Content-Length: 5\r\n\r\nhello";
        yield return $"POST /mqtt HTTP/1.1\r\n{Upgrade}{Key}{Rest}Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\nhello";
        yield return $"GET /mqtt HTTP/1.1\r\n{Upgrade}{Key}{Rest}Content-Length: 99999999999\r\n\r\n";
        yield return $"GET /mqtt HTTP/1.1\r\n{Upgrade}{Rest}\r\n";
        yield return $"GET /mqtt HTTP/1.1\r\n{Upgrade}Sec-WebSocket-Key: short\r\n{Rest}\r\n";
        yield return $"GET /mqtt HTTP/1.1\r\n{Upgrade}{Key}{Key}{Rest}\r\n";
        yield return $"GET /mqtt HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nHost: a\r\n\r\n";
        yield return $"GET /mqtt HTTP/1.1\r\n{Upgrade}{Key}Host: a\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";
        yield return $"GET /mqtt HTTP/1.1\r\n{Upgrade}{Key}Host: a\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: \u00e9\r\n\r\n";
        yield return $"GET /mqtt HTTP/1.1\r\n{Upgrade}{Key}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"; // no Host
        yield return $"GET /mqtt HTTP/1.1\r\n{Upgrade}{Key}{Rest}X: {new string('x', 40_000)}\r\n\r\n";
        yield return $"GET /{new string('x', 10_000)} HTTP/1.1\r\n{Upgrade}{Key}{Rest}\r\n";
        yield return $"GET /%00%ff HTTP/1.1\r\n{Upgrade}{Key}{Rest}\r\n";
        yield return $"GET /mqtt HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
        yield return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u0012\u0004\0\0\0\0\0";
        yield return "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n";
        yield return "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n";
        yield return "\u0010\u0010\0\u0004MQTT\u0004\u0002\0\0\0\u0004abcd"; // MQTT without WebSocket
        yield return "\u0016\u0003\u0001\0\u0005hello and more of what is no handshake"; // TLS
        yield return new string('\0', 100);
    }

    private static async Task SendAndEndAsync(Socket client, byte[] bytes)
    {
        try
        {
            await client.SendAsync(bytes);
            client.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.NotConnected)
        {
            return; // expected: the server has ended it
        }

        await EndAsync(client);
    }

    private static async Task EndAsync(Socket client)
    {
        try
        {
            while (await client.ReceiveAsync(new byte[4096]).OrStuck("the end") > 0)
            {
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
        }
    }

    private static async Task<string> ReadAsync(Stream stream)
    {
        var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer);
        }
        catch (IOException)
        {
            // expected: the server may end it without a word
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }

    /// <summary>No line above Information but the expected one, of whichever class.</summary>
    private static void AssertCalm(ListenerHarness harness, int? expected)
    {
        var loud = harness.Log.Lines.Where(line => line.Level > (line.EventId == expected ? LogLevel.Warning : LogLevel.Information)).ToArray();
        Assert.True(loud.Length == 0, $"{loud.Length} lines, such as {loud.FirstOrDefault()}");
    }
}
