using System.Net;
using System.Net.Sockets;
using System.Text;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>A proxy that says who the client is, before TLS and before HTTP.</summary>
public sealed class ProxyProtocolTests : IDisposable
{
    private const string Binary = "0D0A0D0A000D0A515549540A";
    private const string TextHeader = "PROXY TCP4 192.0.2.1 203.0.113.1 50000 1883\r\n";
    private const string FromClient = "21" + "11" + "000F" + "C0000201" + "CB007101" + "C350" + "075B" + "040000";

    private readonly TemporaryDirectory _directory = new();
    private readonly TlsOptions _tls;

    public ProxyProtocolTests()
    {
        _tls = new() { Certificate = _directory.File("cert.pem"), Key = _directory.File("key.pem") };
        using var certificate = TestCertificate.Create("proxied");
        TestCertificate.WritePem(certificate, _tls.Certificate, _tls.Key);
    }

    public static TheoryData<ListenerKind> Kinds => [ListenerKind.Tcp, ListenerKind.Tls, ListenerKind.Ws, ListenerKind.Wss, ListenerKind.Unix];

    public static TheoryData<ListenerKind, int> KindsAndCuts => new(
        from kind in (ListenerKind[])[ListenerKind.Tcp, ListenerKind.Ws]
        from cut in Enumerable.Range(1, TextHeader.Length - 1)
        select (kind, cut));

    public void Dispose() => _directory.Dispose();

    [Theory, MemberData(nameof(Kinds))]
    public async Task ClientOfTheHeaderIsTheClient(ListenerKind kind)
    {
        await using var harness = await StartAsync(kind);
        foreach (var header in (byte[][])[Encoding.ASCII.GetBytes(TextHeader), Convert.FromHexString(Binary + FromClient)])
        {
            var accepted = harness.Handler.Accepted.Count;
            using var client = await ConnectAsync(harness);
            await client.SendAsync(header);
            await SpeakAsync(harness, client);
            await Stuck.UntilAsync(() => harness.Handler.Accepted.Count > accepted, "the connection");
            Assert.Equal(IPEndPoint.Parse("192.0.2.1:50000"), harness.Handler.Accepted.Last().RemoteEndPoint);
        }
    }

    [Theory]
    [InlineData("PROXY UNKNOWN\r\n")]
    [InlineData(Binary + "2000" + "0000")]
    [InlineData(Binary + "2011" + "000C" + "C0000201" + "CB007101" + "C350" + "075B")]
    public async Task WithoutAClientInTheHeaderItIsTheSocket(string header)
    {
        await using var harness = await StartAsync(ListenerKind.Tcp);
        using var client = await ConnectAsync(harness);

        await client.SendAsync(header[0] == 'P' ? Encoding.ASCII.GetBytes(header) : Convert.FromHexString(header));
        await SpeakAsync(harness, client);

        Assert.Equal(client.LocalEndPoint, (await harness.Handler.First.Task).RemoteEndPoint);
    }

    [Theory, MemberData(nameof(KindsAndCuts))]
    public async Task HeaderMayComeInPieces(ListenerKind kind, int cut)
    {
        await using var harness = await StartAsync(kind);
        using var client = await ConnectAsync(harness);
        client.NoDelay = true;
        var header = Encoding.ASCII.GetBytes(TextHeader);

        await client.SendAsync(header.AsMemory(0, cut));
        await client.SendAsync(header.AsMemory(cut));
        await SpeakAsync(harness, client);

        await Stuck.UntilAsync(() => !harness.Handler.Accepted.IsEmpty, "the connection");
        Assert.Equal(IPEndPoint.Parse("192.0.2.1:50000"), harness.Handler.Accepted.Single().RemoteEndPoint);
    }

    [Fact]
    public async Task FirstBytesOfTheClientMayComeWithTheHeader()
    {
        await using var harness = await StartAsync(ListenerKind.Tcp);
        using var client = await ConnectAsync(harness);

        await client.SendAsync(Encoding.ASCII.GetBytes(TextHeader + "hello"));

        Assert.Equal("hello", await ReceiveAsync(client, 5));
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task ConnectionWithoutAHeaderIsClosedWithOneLine(ListenerKind kind)
    {
        await using var harness = await StartAsync(kind);
        using var client = await ConnectAsync(harness);

        await client.SendAsync(Convert.FromHexString("100E" + "00044D515454" + "05" + "02" + "0000" + "00" + "000161"));
        await EndAsync(client);

        var line = Assert.Single(harness.Log.Lines, line => line.EventId == 1160);
        Assert.Contains("Listener test: no PROXY protocol header from", line.Message);
        Assert.Contains("it is malformed, or there is none", line.Message);
        Assert.Empty(harness.Handler.Accepted);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task EndlessHeaderIsClosed(ListenerKind kind)
    {
        await using var harness = await StartAsync(kind);
        using var client = await ConnectAsync(harness);

        await client.SendAsync(Encoding.ASCII.GetBytes("PROXY UNKNOWN " + new string('x', 200)));
        await EndAsync(client);

        Assert.Single(harness.Log.Lines, line => line.EventId == 1160);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task SilentProxyIsClosedAfterTheConnectTimeout(ListenerKind kind)
    {
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var harness = await StartAsync(kind, time);
        var armed = time.ArmedTimers;
        using var client = await ConnectAsync(harness);
        await client.SendAsync("PROXY "u8.ToArray());
        await Stuck.UntilAsync(() => time.ArmedTimers > armed, "the wait for the header");

        time.Advance(TimeSpan.FromSeconds(10));
        await EndAsync(client);

        Assert.Contains("not finished within 00:00:10 (Connections:ConnectTimeout)", Assert.Single(harness.Log.Lines, line => line.EventId == 1160).Message);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task LookAtTheOpenPortIsNoFault(ListenerKind kind)
    {
        await using var harness = await StartAsync(kind);
        using (await ConnectAsync(harness))
        {
        }

        using var client = await ConnectAsync(harness); // when it is served, the one before it was too
        await client.SendAsync(Encoding.ASCII.GetBytes(TextHeader));
        await SpeakAsync(harness, client);

        Assert.DoesNotContain(harness.Log.Lines, line => line.EventId == 1160);
    }

    [Fact]
    public async Task EndWithinTheHeaderIsOneLine()
    {
        await using var harness = await StartAsync(ListenerKind.Tcp);
        using var client = await ConnectAsync(harness);

        await client.SendAsync("PROXY TCP4"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        await EndAsync(client);

        Assert.Contains("the connection ended within it", Assert.Single(harness.Log.Lines, line => line.EventId == 1160).Message);
    }

    private Task<ListenerHarness> StartAsync(ListenerKind kind, TimeProvider? time = null) => ListenerHarness.StartAsync(
        new ListenerOptions
        {
            Name = "test",
            Kind = kind,
            Address = kind == ListenerKind.Unix ? _directory.File("mqtt.sock") : "127.0.0.1:0",
            ProxyProtocol = true,
        },
        _tls, time);

    private static async Task<Socket> ConnectAsync(ListenerHarness harness)
    {
        var endPoint = harness.Listener.EndPoint;
        var client = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(endPoint);
        return client;
    }

    // What the client says after the proxy, until the server has answered.
    private static async Task SpeakAsync(ListenerHarness harness, Socket client)
    {
        Stream stream = harness.Listener.Kind is ListenerKind.Tls or ListenerKind.Wss
            ? await new SecureClient().ConnectAsync(client)
            : new NetworkStream(client, ownsSocket: false);
        var isWebSocket = harness.Listener.Kind is ListenerKind.Ws or ListenerKind.Wss;
        var request = isWebSocket
            ? "GET /mqtt HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
                "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
            : "hello";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        var answer = new byte[isWebSocket ? 12 : 5];
        await stream.ReadExactlyAsync(answer).AsTask().OrStuck("the answer");
        Assert.Equal(isWebSocket ? "HTTP/1.1 101" : "hello", Encoding.ASCII.GetString(answer));
    }

    private static async Task<string> ReceiveAsync(Socket client, int count)
    {
        var bytes = new byte[count];
        await using var stream = new NetworkStream(client, ownsSocket: false);
        await stream.ReadExactlyAsync(bytes).AsTask().OrStuck("the answer");
        return Encoding.ASCII.GetString(bytes);
    }

    private static async Task EndAsync(Socket client)
    {
        try
        {
            Assert.Equal(0, await client.ReceiveAsync(new byte[1]).OrStuck("the end"));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
        }
    }
}
