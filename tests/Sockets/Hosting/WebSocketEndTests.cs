using System.Net.Sockets;
using System.Text;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Broker;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>
/// Every end of a WebSocket has the Close frames of RFC 6455 §7 and then FIN: a reset could take from the client what it has not read yet.
/// </summary>
public sealed class WebSocketEndTests(SharedGateway shared)
{
    private static int _clients;

    public static TheoryData<ListenerKind> Kinds => [ListenerKind.Ws, ListenerKind.Wss];

    /// <summary>Frames that break RFC 6455, each as short as it can be, and the status.</summary>
    public static TheoryData<ListenerKind, string, int> BrokenFrames
    {
        get
        {
            (string, int)[] frames =
            [
                ("82 00", 1002), // not masked (§5.1), with 2, 3, 4 and 5 bytes
                ("82 01 C0", 1002),
                ("82 02 C0 00", 1002),
                ("82 03 C0 00 00", 1002),
                ("88 00", 1002),
                ("89 00", 1002),
                ("C2 80", 1002), // reserved bits (§5.2)
                ("83 80", 1002), // unknown opcodes
                ("8B 80", 1002),
                ("09 80", 1002), // a control frame in pieces (§5.5)
                ("89 FE", 1002), // a control frame that is too long
                ("80 80 01 02 03 04", 1002), // a continuation of nothing (§5.4)
                ("02 81 00 00 00 00 C0 82 80 00 00 00 00", 1002), // a message within a message
                ("88 81 00 00 00 00 03", 1002), // half a status (§5.5.1)
                ("88 82 00 00 00 00 03 ED", 1002), // a status that must not be sent: 1005
                ("81 81 00 00 00 00 61", 1003), // text [MQTT-6.0.0-1]
                ("82 82 00 00 00 00 00 00", 1002), // what is no packet
            ];
            var data = new TheoryData<ListenerKind, string, int>();
            foreach (var (frame, status) in frames)
            {
                data.Add(ListenerKind.Ws, frame, status);
                data.Add(ListenerKind.Wss, frame, status);
            }

            return data;
        }
    }

    [Theory]
    [InlineData(ListenerKind.Ws, "03 E8", 1000)]
    [InlineData(ListenerKind.Wss, "03 E8", 1000)]
    [InlineData(ListenerKind.Ws, "03 E9 62 79 65", 1001)]
    [InlineData(ListenerKind.Wss, "", 1000)]
    [InlineData(ListenerKind.Ws, "", 1000)]
    public async Task CloseOfTheClientIsAnswered(ListenerKind kind, string close, int status) // RFC 6455 §5.5.1
    {
        var gateway = shared.Gateway;
        await using var client = await ConnectAsync(gateway, kind);

        await client.SendAsync(RawWebSocket.Close, Bytes(close));

        Assert.Equal(status, await client.ClosedAsync(isAnswered: false));
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task CloseInsteadOfConnectIsAnswered(ListenerKind kind)
    {
        var gateway = shared.Gateway;
        await using var client = await RawWebSocket.ConnectAsync(gateway.EndPoint(kind), kind);

        await client.SendAsync(RawWebSocket.Close, 0x03, 0xE8);

        Assert.Equal(1000, await client.ClosedAsync(isAnswered: false));
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task RefusedConnectEndsInOrder(ListenerKind kind)
    {
        await using var gateway = await SocketGateway.StartAsync(configure: static options => options.Connections.MaximumQoS = 0);
        await using var client = await RawWebSocket.ConnectAsync(gateway.EndPoint(kind), kind);

        await client.SendAsync(RawWebSocket.Binary, ClientPackets.Connect(ProtocolVersion.Mqtt5, "c", will: new ClientWill("w", "x"u8.ToArray(), QoS.ExactlyOnce)));
        await client.SendAsync(RawWebSocket.Binary, ClientPackets.Publish("t", new string('x', 60_000))); // it does not wait for the answer

        Assert.Equal((byte)PacketType.Connack << 4, (await client.ReceivePacketAsync())[0]);
        Assert.Equal(1002, await client.ClosedAsync());
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task DisconnectOfTheClientEndsInOrder(ListenerKind kind)
    {
        var gateway = shared.Gateway;
        await using var client = await ConnectAsync(gateway, kind);

        await client.SendAsync(RawWebSocket.Binary, ClientPackets.Disconnect(ProtocolVersion.Mqtt5));

        Assert.Equal(1000, await client.ClosedAsync());
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task TakeoverEndsTheOldOneInOrder(ListenerKind kind)
    {
        var gateway = shared.Gateway;
        var id = NextId();
        await using var old = await ConnectAsync(gateway, kind, id);
        await using var next = await ConnectAsync(gateway, kind, id);

        Assert.Equal((byte)ReasonCode.SessionTakenOver, (await old.ReceivePacketAsync())[2]);
        Assert.Equal(1000, await old.ClosedAsync());
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task SilenceEndsInOrder(ListenerKind kind)
    {
        var gateway = shared.Gateway;
        await using var client = await ConnectAsync(gateway, kind, keepAlive: 1);

        Assert.Equal((byte)ReasonCode.KeepAliveTimeout, (await client.ReceivePacketAsync())[2]);
        Assert.Equal(1000, await client.ClosedAsync());
    }

    [Theory]
    [InlineData(ListenerKind.Ws, true)]
    [InlineData(ListenerKind.Ws, false)]
    [InlineData(ListenerKind.Wss, true)]
    [InlineData(ListenerKind.Wss, false)]
    public async Task StopOfTheServerEndsInOrder(ListenerKind kind, bool isAnswered)
    {
        RawWebSocket client;
        Task<int> closed;
        await using (var gateway = await SocketGateway.StartAsync())
        {
            client = await ConnectAsync(gateway, kind);
            closed = client.ClosedAsync(isAnswered);
        }

        Assert.Equal(1000, await closed);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task RequestThatDoesNotComeIsEndedInOrder() // after ten seconds of Kestrel's own clock
    {
        var gateway = shared.Gateway;
        const string Half = "GET /mqtt HTTP/1.1\r\nHost: a\r\n";
        ListenerKind[] kinds = [ListenerKind.Ws, ListenerKind.Wss];

        var nothing = kinds.Select(kind => RequestAsync(gateway, kind, "")).ToArray();
        var half = kinds.Select(kind => RequestAsync(gateway, kind, Half)).ToArray();

        Assert.All(await Task.WhenAll(nothing).OrStuck("the end without a request"), Assert.Empty);
        Assert.All(await Task.WhenAll(half).OrStuck("the end of half a request"), static answer => Assert.StartsWith("HTTP/1.1 408 ", answer));
    }

    [Theory, MemberData(nameof(BrokenFrames))]
    public async Task WhatBreaksTheProtocolIsTold(ListenerKind kind, string frame, int status)
    {
        var gateway = shared.Gateway;
        await using var client = await ConnectAsync(gateway, kind);

        await client.SendBytesAsync(Bytes(frame));

        Assert.Equal(status, await client.ClosedAsync());
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task ClientThatGoesOnSendingIsToldToo(ListenerKind kind)
    {
        var gateway = shared.Gateway;
        await using var client = await ConnectAsync(gateway, kind);

        await client.SendBytesAsync([.. Bytes("82 00"), .. new byte[64 * 1024]]);

        Assert.Equal(1002, await client.ClosedAsync());
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task PacketThatIsTooLargeIsClosedWith1009(ListenerKind kind)
    {
        await using var gateway = await SocketGateway.StartAsync(configure: static options => options.Connections.MaximumPacketSize = 1024);
        await using var client = await ConnectAsync(gateway, kind);

        await client.SendAsync(RawWebSocket.Binary, ClientPackets.Publish("t", new string('x', 2000)));

        Assert.Equal((byte)ReasonCode.PacketTooLarge, (await client.ReceivePacketAsync())[2]);
        Assert.Equal(1009, await client.ClosedAsync());
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task ControlFramesMayComeAnywhere(ListenerKind kind)
    {
        var gateway = shared.Gateway;
        await using var client = await ConnectAsync(gateway, kind);
        var ping = ClientPackets.Pingreq();

        foreach (var bytes in (byte[][])
            [RawWebSocket.Frame(RawWebSocket.Ping, "hello"u8.ToArray()), Unfinished(ping[0]), RawWebSocket.Frame(RawWebSocket.Pong, []), RawWebSocket.Frame(RawWebSocket.Continuation, ping[1..])])
        {
            foreach (var single in bytes)
            {
                await client.SendBytesAsync(single);
            }
        }

        var pong = await client.ReceiveAsync();
        Assert.Equal((RawWebSocket.Pong, "hello"), (pong?.Opcode, Encoding.ASCII.GetString(pong?.Payload ?? [])));
        Assert.Equal([0xD0, 0x00], await client.ReceivePacketAsync());

        static byte[] Unfinished(byte first) => [RawWebSocket.Binary, 0x81, 0, 0, 0, 0, first];
    }

    [Theory]
    [InlineData(ListenerKind.Ws, 10)]
    [InlineData(ListenerKind.Ws, 50_000)]
    [InlineData(ListenerKind.Wss, 50_000)]
    public async Task FramesBehindTheRequestAreRead(ListenerKind kind, int size)
    {
        byte[] early =
        [
            .. RawWebSocket.Frame(RawWebSocket.Binary, ClientPackets.Connect(ProtocolVersion.Mqtt5, NextId())),
            .. RawWebSocket.Frame(RawWebSocket.Binary, ClientPackets.Publish(NextId(), new string('x', size), QoS.AtLeastOnce, 1)),
        ];
        await using var client = await RawWebSocket.ConnectAsync(shared.Gateway.EndPoint(kind), kind, early);

        Assert.Equal((byte)PacketType.Connack << 4, (await client.ReceivePacketAsync())[0]);
        Assert.Equal((byte)PacketType.Puback << 4, (await client.ReceivePacketAsync())[0]);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task EveryPacketHasAFrame(ListenerKind kind)
    {
        var gateway = shared.Gateway;
        await using var client = await ConnectAsync(gateway, kind);
        var topic = NextId();
        int[] sizes = [0, 100, 130, 60_000, 1, 70_000, 2, 3, 300_000, 4];

        await client.SendAsync(RawWebSocket.Binary, ClientPackets.Subscribe(1, topic, QoS.AtMostOnce));
        Assert.Equal((byte)PacketType.Suback << 4, (await client.ReceivePacketAsync())[0]);
        await using var publisher = await ConnectAsync(gateway, kind);
        var packets = sizes.Select(size => ClientPackets.Publish(topic, new string('x', size))).ToArray();
        foreach (var part in packets.SelectMany(static packet => packet).Chunk(60_000))
        {
            await publisher.SendAsync(RawWebSocket.Binary, part);
        }

        foreach (var packet in packets)
        {
            var received = await client.ReceivePacketAsync();
            Assert.Equal((byte)PacketType.Publish << 4, received[0]);
            Assert.Equal(packet.Length, received.Length);
        }
    }

    /// <summary>Sends a request and returns what comes until the end; a reset throws.</summary>
    private static async Task<string> RequestAsync(SocketGateway gateway, ListenerKind kind, string request)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(gateway.EndPoint(kind));
        await using Stream stream = kind == ListenerKind.Wss ? await new SecureClient().ConnectAsync(socket) : new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync();
    }

    private static string NextId() => $"end-{Interlocked.Increment(ref _clients)}";

    private static async Task<RawWebSocket> ConnectAsync(SocketGateway gateway, ListenerKind kind, string? id = null, ushort keepAlive = 0)
    {
        var client = await RawWebSocket.ConnectAsync(gateway.EndPoint(kind), kind);
        await client.SendAsync(RawWebSocket.Binary, ClientPackets.Connect(ProtocolVersion.Mqtt5, id ?? NextId(), keepAlive: keepAlive));
        Assert.Equal([(byte)PacketType.Connack << 4], (await client.ReceivePacketAsync())[..1]);
        return client;
    }

    private static byte[] Bytes(string hexadecimal) => Convert.FromHexString(hexadecimal.Replace(" ", "", StringComparison.Ordinal));
}
