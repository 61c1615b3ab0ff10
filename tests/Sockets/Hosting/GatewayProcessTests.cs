using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;
using GrainMQ.Silo.Hosting;
using GrainMQ.Tests.Sockets.Processes;
using GrainMQ.Tests.Sockets.ThirdParty;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>What a person at a shell meets: start, stop, and one line for everything that is wrong.</summary>
public sealed class GatewayProcessTests : IDisposable
{
    private static readonly string[] FreePorts = ["--tcp", "127.0.0.1:0", "--ws", "none"];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task SignalTellsVersion5ClientsAndEndsWithZero(string signal)
    {
        using var broker = GatewayRun.Start(FreePorts);
        using var client = await ConnectAsync(await broker.EndPointAsync("tcp"));
        var watch = Stopwatch.StartNew();

        broker.Signal(signal);

        var packet = await ReadPacketAsync(client);
        Assert.Equal((byte)PacketType.Disconnect << 4, packet[0]);
        Assert.Equal(0x8B, packet[2]);
        var (code, error) = await broker.EndAsync();
        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"It took {watch.Elapsed}."); // 5 seconds, with room for a slow machine
    }

    [Fact]
    public async Task ListenersOfEveryKindAreShownWithTheirRealPorts()
    {
        WriteCertificate();
        using var broker = GatewayRun.Start(
            "--tcp", "127.0.0.1:0", "--tcp", "localhost:0", "--tls", "127.0.0.1:0", "--ws", "127.0.0.1:0", "--wss", "127.0.0.1:0",
            "--cert", _directory.File("cert.pem"), "--key", _directory.File("key.pem"));

        Assert.StartsWith("GrainMQ ", await broker.ReadLineAsync());
        foreach (var listener in (string[])["tcp", "ws", "tcp2", "tls", "wss"])
        {
            var endPoint = IPEndPoint.Parse(await broker.EndPointAsync(listener));
            Assert.NotEqual(0, endPoint.Port);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(endPoint);
        }
    }

    [Fact]
    public async Task QuicListensOrSaysWhatIsMissing()
    {
        WriteCertificate();
        using var broker = GatewayRun.Start(
            [.. FreePorts, "--quic", "127.0.0.1:0", "--cert", _directory.File("cert.pem"), "--key", _directory.File("key.pem")]);
        if (QuicSupport.IsAvailable)
        {
            Assert.NotEqual(0, IPEndPoint.Parse(await broker.EndPointAsync("quic")).Port);
            return;
        }

        var (code, error) = await broker.EndAsync();
        Assert.Equal(1, code);
        Assert.Contains("package 'libmsquic'", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public async Task JsonLogStaysJsonFromTheFirstLineOn()
    {
        using var broker = GatewayRun.Start([.. FreePorts, "--log-format", "json"]);

        using var line = JsonDocument.Parse(await broker.ReadLineAsync() ?? "");

        Assert.Equal(1001, line.RootElement.GetProperty("EventId").GetInt32());
        Assert.EndsWith("Z", line.RootElement.GetProperty("Timestamp").GetString());
    }

    [Fact]
    public async Task ListenerOutlivesTheLackOfDescriptors()
    {
        const int Descriptors = 400; // a process without a client has half as many open
        using var broker = GatewayRun.StartLimited(Descriptors, FreePorts);
        var endPoint = await broker.EndPointAsync("tcp");
        (await ConnectAsync(endPoint)).Dispose(); // a broker that has served a client: the runtime has opened the files it needs
        var flood = new List<Socket>();
        for (var i = 0; i < Descriptors; i++)
        {
            flood.Add(new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            await flood[i].ConnectAsync(IPEndPoint.Parse(endPoint)); // the kernel takes what the broker cannot
        }
        Assert.Contains("ERR 1101 SocketListener Listener tcp cannot accept (TooManyOpenSockets", await broker.ReadLineAsync());

        flood.ForEach(socket => socket.Dispose());

        using var client = await ConnectAsync(endPoint);
    }

    [Theory]
    [InlineData(110)]
    [InlineData(200)]
    [InlineData(319)]
    public async Task TooLowALimitOfFilesIsOneLineThatSaysHowManyAreNeeded(int files)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The limit is read from /proc.");
        using var broker = GatewayRun.StartLimited(files, FreePorts);
        var (code, error) = await broker.EndAsync();

        Assert.Equal(1, code);
        Assert.StartsWith($"grainmq: This process may open {files} files, and needs 320 before the first client", error);
        Assert.Contains("'ulimit -n 65536'", error);
        Assert.Equal(error.Length - 1, error.IndexOf('\n'));
    }

    [Fact]
    public async Task TheLimitThatIsNamedIsEnough()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The limit is read from /proc.");
        using var broker = GatewayRun.StartLimited(320, "--tcp", "127.0.0.1:0", "--ws", "127.0.0.1:0", "--data", _directory.File("data"));
        using var client = await ConnectAsync(await broker.EndPointAsync("tcp"));
    }

    [Fact]
    public Task AnEmptyValueDoesNotTakeTheNextOption() =>
        FailsAsync(["--data: read '--check-config', expected DIR"], [.. FreePorts, "--data=", "--check-config"]);

    [Fact]
    public async Task BusyPortIsOneLine()
    {
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        holder.Listen();

        await FailsAsync(["another program uses this port", "--tcp ADDR:PORT"], "--tcp", $"{holder.LocalEndPoint}", "--ws", "none");
        await FailsAsync(["another program uses this port", "--ws ADDR:PORT"], "--ws", $"{holder.LocalEndPoint}", "--tcp", "127.0.0.1:0");
    }

    [Fact]
    public Task MissingCertificateIsOneLine() =>
        FailsAsync(["nowhere.pem' does not exist"], [.. FreePorts, "--tls", "127.0.0.1:0", "--cert", _directory.File("nowhere.pem")]);

    [Fact]
    public async Task UnixDomainSocketOutlivesAKilledBroker()
    {
        string[] arguments = [.. FreePorts, "--unix", _directory.File("mqtt.sock")];
        using (var killed = GatewayRun.Start(arguments))
        {
            await killed.EndPointAsync("tcp");
            await FailsAsync(["another program listens there", "--unix PATH"], arguments);
            killed.Signal("KILL");
            await killed.EndAsync();
        }
        Assert.True(File.Exists(_directory.File("mqtt.sock")));

        using var next = GatewayRun.Start(arguments);
        await next.EndPointAsync("tcp");
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(_directory.File("mqtt.sock")));
        next.Signal("TERM");
        Assert.Equal((0, ""), await next.EndAsync());
        Assert.False(File.Exists(_directory.File("mqtt.sock")));
    }

    [Fact]
    public async Task BadPathOfAUnixDomainSocketIsOneLine()
    {
        await FailsAsync(["does not exist. Create it", "--unix PATH"], [.. FreePorts, "--unix", _directory.File("nowhere/mqtt.sock")]);
        await FailsAsync(["does not exist. Create it", "--unix PATH"], [.. FreePorts, "--unix", _directory.File("nowhere/mqtt.sock"), "--check-config"]);
        await FailsAsync(["Choose a shorter one with --unix PATH"], [.. FreePorts, "--unix", "/" + new string('x', 120)]);
    }

    [Fact]
    public async Task UnusableFilesOfClientCertificatesAreOneLine()
    {
        WriteCertificate();
        string[] arguments =
        [
            .. FreePorts, "--tls", "127.0.0.1:0", "--cert", _directory.File("cert.pem"), "--key", _directory.File("key.pem"),
            "--set", "Tls:ClientCertificates=Require",
        ];
        await FailsAsync(["set Tls:ClientCa"], arguments);
        await FailsAsync(["ca.pem' does not exist"], [.. arguments, "--set", $"Tls:ClientCa={_directory.File("ca.pem")}"]);
        await FailsAsync(["ca.pem' does not exist"], [.. arguments, "--set", $"Tls:ClientCa={_directory.File("ca.pem")}", "--check-config"]);
        await FailsAsync(["no.pem' does not exist"], [.. arguments[..^2], "--set", $"Tls:Certificates:0:Certificate={_directory.File("no.pem")}"]);
    }

    [Fact]
    public async Task UnwritableDataDirectoryIsOneLine()
    {
        await File.WriteAllTextAsync(_directory.File("file"), "");
        await FailsAsync(["is not usable", "--data DIR"], [.. FreePorts, "--data", _directory.File("file/data")]);
        await FailsAsync(["is not usable", "--data DIR"], [.. FreePorts, "--data", _directory.File("file/data"), "--check-config"]);
    }

    [Fact]
    public async Task SecondBrokerOnADataDirectoryIsToldWhoHasIt()
    {
        var data = _directory.File("data");
        using var first = GatewayRun.Start([.. FreePorts, "--data", data]);
        await first.EndPointAsync("tcp");

        await FailsAsync([$"in use by another broker, process {first.Id}"], [.. FreePorts, "--data", data]);

        first.Signal("KILL");
        await first.EndAsync();
        using var next = GatewayRun.Start([.. FreePorts, "--data", data]); // a lock does not outlive its process
        await next.EndPointAsync("tcp");
    }

    [Fact]
    public async Task UnknownOptionsAndKeysNameTheNearest()
    {
        await FailsAsync(["'--tpc' is not an option. Did you mean --tcp?"], "--tpc=1");
        await FailsAsync(["Did you mean Connections:ReceiveMaximum?"], "--set", "Connections:ReciveMaximum=1");
        await FailsAsync(["expected KEY=VALUE"], "--set", "Connections:ReceiveMaximum");
        using var broker = GatewayRun.Start(new Dictionary<string, string> { ["GRAINMQ__Securty__AllowAnonymous"] = "false" }, FreePorts);
        var (code, error) = await broker.EndAsync();
        Assert.Equal(1, code);
        Assert.Contains("Did you mean Security:AllowAnonymous?", error);
    }

    [Fact]
    public async Task PasswordFileThatCannotBeUsedIsOneLine()
    {
        var users = _directory.File("users");
        await FailsAsync([$"password file '{users}' does not exist", $"gateway passwd {users} USER"], [.. FreePorts, "--password-file", users]);
        await File.WriteAllTextAsync(users, "# users\nalice:secret\n");
        await FailsAsync([$"password file '{users}', line 2"], [.. FreePorts, "--password-file", users]);
        await FailsAsync([$"password file '{users}', line 2"], [.. FreePorts, "--password-file", users, "--check-config"]);
    }

    [Fact]
    public async Task PasswordFileIsAChoiceForOpenListeners()
    {
        var users = _directory.File("users");
        await using (var passwd = ClientProcess.Start("dotnet", [GatewayRun.Product, "passwd", users, "alice"], "correct horse\n"))
        {
            Assert.Equal([$"{users}: alice written."], await passwd.EndAsync());
        }

        using var broker = GatewayRun.Start("--tcp", "0.0.0.0:0", "--ws", "none", "--password-file", users);
        await broker.EndPointAsync("tcp");
    }

    [Fact]
    public async Task PasswordIsNormalizedWithIcu()
    {
        var anywhere = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1, IgnoreInaccessible = true };
        Assert.SkipUnless(Directory.Exists("/usr/lib") && Directory.EnumerateFiles("/usr/lib", "libicuuc.so.*", anywhere).Any(), "libicu is not installed");
        var users = _directory.File("users");
        string[] withIcu = ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=0", "dotnet", GatewayRun.Product, "passwd", users, "\u00AA"];
        await using (var passwd = ClientProcess.Start("env", withIcu, "\u2168\n"))
        {
            await passwd.EndAsync();
        }

        Assert.True(PasswordFile.TryRead(users, out var read, out _));
        Assert.True(Assert.Single(read.Values).Matches("IX"u8)); // RFC 4013 §3
    }

    [Fact]
    public Task OpenListenerWithoutAChoiceIsOneLine() => FailsAsync(["--allow-anonymous true"], "--tcp", "0.0.0.0:0", "--ws", "none");

    [Fact]
    public async Task DetailsComeAtDebugLevel()
    {
        using var broker = GatewayRun.Start([.. FreePorts, "--tls", "127.0.0.1:0", "--cert", _directory.File("none.pem"), "--log-level", "debug"]);

        var (code, error) = await broker.EndAsync();

        Assert.Equal(1, code);
        Assert.Contains(nameof(StartupException), error);
    }

    [Fact]
    public async Task CheckConfigSaysUsableOrNot()
    {
        WriteCertificate();
        var certificate = _directory.File("cert.pem");
        await File.WriteAllTextAsync(
            _directory.File("good.json"),
            JsonSerializer.Serialize(new { Tls = new { Certificate = certificate, Key = _directory.File("key.pem") } }));
        using var good = GatewayRun.Start(
            "--check-config", "--config", _directory.File("good.json"), "--tls", "127.0.0.1:8883", "--data", _directory.File("new"));
        Assert.Equal("The configuration is usable.", await good.ReadLineAsync());
        Assert.Equal((0, ""), await good.EndAsync());
        Assert.False(Directory.Exists(_directory.File("new")));

        await FailsAsync(
            ["cannot be used"], "--check-config", "--config", _directory.File("good.json"), "--tls", "127.0.0.1:8883", "--key", certificate);
    }

    // The exit code is 1, standard error holds one line with these words and no stack trace, and the log says nothing of it.
    private static async Task FailsAsync(string[] words, params string[] arguments)
    {
        using var broker = GatewayRun.Start(arguments);
        var (code, error) = await broker.EndAsync();
        Assert.Equal(1, code);
        Assert.StartsWith("grainmq: ", error);
        Assert.Equal(error.Length - 1, error.IndexOf('\n'));
        Assert.All(words, word => Assert.Contains(word, error));
        while (await broker.ReadLineAsync() is { } line)
        {
            Assert.DoesNotContain(" ERR ", line);
        }
    }

    private static async Task<Socket> ConnectAsync(string endPoint)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPEndPoint.Parse(endPoint));
        // CONNECT, version 5, clean start, keep alive 0, no properties, client identifier "a"
        await client.SendAsync(Convert.FromHexString("100E" + "00044D515454" + "05" + "02" + "0000" + "00" + "000161"));
        var connack = await ReadPacketAsync(client);
        Assert.Equal((byte)PacketType.Connack << 4, connack[0]);
        Assert.Equal(0, connack[3]);
        return client;
    }

    // Packets of these tests are shorter than 128 bytes: one length byte.
    private static async Task<byte[]> ReadPacketAsync(Socket client)
    {
        await using var stream = new NetworkStream(client, ownsSocket: false);
        var header = new byte[2];
        await stream.ReadExactlyAsync(header).AsTask().OrStuck("a packet");
        var body = new byte[header[1]];
        await stream.ReadExactlyAsync(body).AsTask().OrStuck("a packet's body");
        return [.. header, .. body];
    }

    private void WriteCertificate()
    {
        using var certificate = TestCertificate.Create("process");
        TestCertificate.WritePem(certificate, _directory.File("cert.pem"), _directory.File("key.pem"));
    }
}
