using System.Net.WebSockets;
using System.Text;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Transports;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

public sealed class WebSocketListenerTests
{
    [Theory]
    [InlineData("mqtt")]
    [InlineData("mqttv3.1")]
    public async Task OfferedSubProtocolIsAgreed(string protocol)
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);
        using var client = await ConnectAsync(harness, protocol);

        Assert.Equal(protocol, client.SubProtocol); // [MQTT-6.0.0-4]
    }

    [Fact]
    public async Task MqttIsPreferredAmongSeveralSubProtocols()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);
        using var client = await ConnectAsync(harness, "chat", "mqttv3.1", "mqtt");

        Assert.Equal("mqtt", client.SubProtocol);
    }

    [Fact]
    public async Task ForeignSubProtocolIsRefusedWithALineThatNamesIt()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(harness, "http"));
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Protocol", "chat");

        using var response = await http.SendAsync(request);

        Assert.Equal(System.Net.HttpStatusCode.BadRequest, response.StatusCode);
        var body = await response.Content.ReadAsStringAsync();
        Assert.Contains("'mqtt'", body);
        Assert.Contains("'chat'", body);
        Assert.Empty(harness.Handler.Accepted);
    }

    [Fact]
    public async Task NoSubProtocolIsRefused()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);

        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(harness)); // [MQTT-6.0.0-3]
    }

    [Theory]
    [InlineData("/mqtt", 400)]
    [InlineData("/", 404)]
    [InlineData("/mqtt/more", 404)]
    public async Task OtherRequestsAreTold(string path, int status)
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);
        using var http = new HttpClient();

        using var response = await http.GetAsync(new Uri(Url(harness, "http"), path));

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task BytesGoBothWaysWhateverTheFrames()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);
        using var client = await ConnectAsync(harness, "mqtt");
        var sent = Random.Shared.GetItems("abcdefgh"u8, 100_000);

        var sending = SendInFramesAsync(client, sent);
        var received = await ReceiveAsync(client, sent.Length);
        await sending;

        Assert.Equal(sent, received); // [MQTT-6.0.0-2]
        var transport = await harness.Handler.First.Task;
        Assert.Equal(TransportKind.WebSocket, transport.Kind);
        Assert.Equal("127.0.0.1", (transport.RemoteEndPoint as System.Net.IPEndPoint)?.Address.ToString());
    }

    [Fact]
    public async Task TextFrameIsClosedWith1003()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);
        using var client = await ConnectAsync(harness, "mqtt");

        await client.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);
        var answer = await client.ReceiveAsync(new byte[64], CancellationToken.None);
        await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);

        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, answer.CloseStatus); // [MQTT-6.0.0-1]
        var cause = Assert.IsType<IOException>(await harness.Handler.FirstEnd.Task);
        Assert.Contains("text frame", cause.Message);
    }

    [Fact]
    public async Task CloseOfTheServerCarriesTheLastBytesAndAStatus()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);
        using var client = await ConnectAsync(harness, "mqtt");

        await client.SendAsync("!"u8.ToArray(), WebSocketMessageType.Binary, true, CancellationToken.None);

        Assert.Equal(EchoHandler.LastWord, await ReceiveAsync(client, EchoHandler.LastWord.Length));
        var answer = await client.ReceiveAsync(new byte[64], CancellationToken.None);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, answer.CloseStatus);
    }

    [Theory]
    [InlineData(TransportCloseStatus.Normal, WebSocketCloseStatus.NormalClosure)]
    [InlineData(TransportCloseStatus.ProtocolError, WebSocketCloseStatus.ProtocolError)]
    [InlineData(TransportCloseStatus.InternalError, WebSocketCloseStatus.InternalServerError)]
    public async Task CloseWhileAReadIsPendingEndsBoth(TransportCloseStatus status, WebSocketCloseStatus shown)
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);
        using var client = await ConnectAsync(harness, "mqtt");
        var transport = await harness.Handler.First.Task;

        var closing = transport.CloseAsync(status);
        var answer = await client.ReceiveAsync(new byte[64], CancellationToken.None);
        await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);

        Assert.Equal(shown, answer.CloseStatus);
        await closing;
        await harness.Handler.FirstEnd.Task.OrStuck("the pending read");
    }

    [Fact]
    public async Task CloseDoesNotWaitLongForAClientThatDoesNotAnswer()
    {
        var time = new ManualTimeProvider();
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws, time: time);
        using var client = await ConnectAsync(harness, "mqtt");
        var transport = await harness.Handler.First.Task;

        var closing = transport.CloseAsync(TransportCloseStatus.Normal).AsTask();
        Assert.False(closing.IsCompleted);
        await Stuck.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100)); // a second for the client's Close frame, one for its FIN
                return closing.IsCompleted;
            },
            "the close");
        await harness.Handler.FirstEnd.Task.OrStuck("the pending read");
    }

    [Fact]
    public async Task CloseOfTheClientEndsTheRead()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);
        using var client = await ConnectAsync(harness, "mqtt");

        await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);

        Assert.Equal(EchoHandler.LastWord, await ReceiveAsync(client, EchoHandler.LastWord.Length));
        Assert.Null(await harness.Handler.FirstEnd.Task);
    }

    [Fact]
    public async Task AbortEndsBothSides()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);
        using var client = await ConnectAsync(harness, "mqtt");

        (await harness.Handler.First.Task).Abort();

        Assert.IsAssignableFrom<IOException>(await harness.Handler.FirstEnd.Task);
        await Assert.ThrowsAsync<WebSocketException>(() => client.ReceiveAsync(new byte[1], CancellationToken.None));
    }

    [Fact]
    public async Task ClientThatVanishesEndsTheRead()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);
        var client = await ConnectAsync(harness, "mqtt");
        await harness.Handler.First.Task;

        client.Abort();

        var cause = await harness.Handler.FirstEnd.Task; // by FIN or by RST
        Assert.True(cause is null or IOException, $"{cause}");
    }

    [Fact]
    public async Task ConnectionsOutliveTheStopOfTheirListener()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Ws);
        using var client = await ConnectAsync(harness, "mqtt");
        await harness.Handler.First.Task;

        await harness.Listener.StopAcceptingAsync();

        await client.SendAsync("still here"u8.ToArray(), WebSocketMessageType.Binary, true, CancellationToken.None);
        Assert.Equal("still here"u8.ToArray(), await ReceiveAsync(client, 10));
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(harness, "mqtt"));
    }

    [Fact]
    public async Task SecureWebSocketUsesTheReloadedCertificate()
    {
        using var directory = new TemporaryDirectory();
        var tls = new TlsOptions { Certificate = directory.File("cert.pem"), Key = directory.File("key.pem") };
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        WriteCertificate("first", tls);
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Wss, tls, time);
        Assert.Equal("CN=first", await SubjectAsync(harness));
        Assert.Equal(TransportKind.SecureWebSocket, (await harness.Handler.First.Task).Kind);

        WriteCertificate("second", tls);
        time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("CN=second", await SubjectAsync(harness));
    }

    private static async Task<string?> SubjectAsync(ListenerHarness harness)
    {
        string? subject = null;
        using var client = new ClientWebSocket();
        client.Options.AddSubProtocol("mqtt");
        client.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            subject = certificate?.Subject;
            return true;
        };
        await client.ConnectAsync(Url(harness, "wss"), CancellationToken.None);
        await client.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Binary, true, CancellationToken.None);
        Assert.Equal("hello", Encoding.ASCII.GetString(await ReceiveAsync(client, 5)));
        return subject;
    }

    private static async Task<ClientWebSocket> ConnectAsync(ListenerHarness harness, params string[] protocols)
    {
        var client = new ClientWebSocket();
        foreach (var protocol in protocols)
        {
            client.Options.AddSubProtocol(protocol);
        }

        await client.ConnectAsync(Url(harness, "ws"), CancellationToken.None);
        return client;
    }

    private static Uri Url(ListenerHarness harness, string scheme) => new($"{scheme}://{harness.Listener.EndPoint}/mqtt");

    // Empty, one-byte and large frames, some of them fragments of one message.
    private static async Task SendInFramesAsync(ClientWebSocket client, byte[] bytes)
    {
        var random = new Random(7);
        for (var sent = 0; sent < bytes.Length;)
        {
            var size = Math.Min(random.Next(4) switch { 0 => 0, 1 => 1, 2 => 100, _ => 20_000 }, bytes.Length - sent);
            var last = sent + size == bytes.Length || random.Next(2) == 0;
            await client.SendAsync(bytes.AsMemory(sent, size), WebSocketMessageType.Binary, last, CancellationToken.None);
            sent += size;
        }
    }

    private static async Task<byte[]> ReceiveAsync(ClientWebSocket client, int count)
    {
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            var result = await client.ReceiveAsync(bytes.AsMemory(read), CancellationToken.None);
            Assert.Equal(WebSocketMessageType.Binary, result.MessageType);
            read += result.Count;
        }
        return bytes;
    }

    private static void WriteCertificate(string name, TlsOptions tls)
    {
        using var certificate = TestCertificate.Create(name);
        TestCertificate.WritePem(certificate, tls.Certificate ?? "", tls.Key ?? "");
    }
}
