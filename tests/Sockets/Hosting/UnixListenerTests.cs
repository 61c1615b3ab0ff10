using System.Net.Sockets;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Transports;
using GrainMQ.Silo.Hosting;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

public sealed class UnixListenerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public UnixListenerTests() => Path = _directory.File("mqtt.sock");

    private string Path { get; }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task BytesGoBothWays()
    {
        await using var harness = await StartAsync();
        using var client = await ConnectAsync();

        await EchoAsync(client);

        var transport = await harness.Handler.First.Task;
        Assert.Equal(TransportKind.Unix, transport.Kind);
        Assert.Equal(Path, $"{transport.RemoteEndPoint}"); // where its clients are, for the log
    }

    [Fact]
    public async Task FileGoesWithTheListener()
    {
        await using (await StartAsync())
        {
            Assert.True(File.Exists(Path));
        }

        Assert.False(File.Exists(Path));
    }

    [Fact]
    public async Task FileOfADeadBrokerIsReplaced()
    {
        LeaveBehind();

        await using var harness = await StartAsync();
        using var client = await ConnectAsync();

        await EchoAsync(client);
    }

    [Fact]
    public async Task LivingListenerIsLeftAlone()
    {
        await using var harness = await StartAsync();

        var error = await Assert.ThrowsAsync<StartupException>(StartAsync);

        Assert.Equal($"Cannot listen on {Path} (listener 'test'): another program listens there. Stop it, or choose another path with --unix PATH (Listeners:test:Address).", error.Message);
        using var client = await ConnectAsync();
        await EchoAsync(client);
    }

    [Fact]
    public async Task LivingListenerWithAFullBacklogIsLeftAlone()
    {
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(Path));
        other.Listen(0);
        using var waiting = await ConnectAsync();

        Assert.Contains("another program listens there", (await Assert.ThrowsAsync<StartupException>(StartAsync)).Message);
        Assert.True(File.Exists(Path));
    }

    [Fact]
    public async Task OtherFileIsLeftAlone()
    {
        await File.WriteAllTextAsync(Path, "precious");

        Assert.Contains("the path exists and is no socket. Remove it, or choose another path", (await Assert.ThrowsAsync<StartupException>(StartAsync)).Message);
        Assert.Equal("precious", await File.ReadAllTextAsync(Path));
    }

    [Fact]
    public async Task MissingDirectoryIsNamed()
    {
        var options = Options(_directory.File("nowhere/mqtt.sock"));

        var error = await Assert.ThrowsAsync<StartupException>(() => ListenerHarness.StartAsync(options));

        Assert.Contains($"directory '{_directory.File("nowhere")}' does not exist. Create it", error.Message);
    }

    [Fact]
    public async Task PathThatIsTooLongIsToldWithItsLength()
    {
        var options = Options(_directory.File(new string('x', 100)));

        var error = await Assert.ThrowsAsync<StartupException>(() => ListenerHarness.StartAsync(options));

        Assert.Contains($"has {options.Address.Length} bytes, and a Unix socket's at most", error.Message);
    }

    [Theory]
    [InlineData("600", UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData("0666", (UnixFileMode)0x1B6)]
    public async Task PermissionsAreThoseOfTheFile(string permissions, UnixFileMode expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "files have no such permissions here");
        var options = Options(Path);
        options.Permissions = permissions;
        await using var harness = await ListenerHarness.StartAsync(options);

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(expected, File.GetUnixFileMode(Path));
        }
    }

    private static ListenerOptions Options(string path) => new() { Name = "test", Kind = ListenerKind.Unix, Address = path };

    private Task<ListenerHarness> StartAsync() => ListenerHarness.StartAsync(Options(Path));

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(Path)).OrStuck("the connection");
        return client;
    }

    private static async Task EchoAsync(Socket client)
    {
        await client.SendAsync("hello"u8.ToArray());
        var bytes = new byte[5];
        await using var stream = new NetworkStream(client, ownsSocket: false);
        await stream.ReadExactlyAsync(bytes).AsTask().OrStuck("the echo");
        Assert.Equal("hello"u8.ToArray(), bytes);
    }

    // .NET removes the file of a socket that it closes, a killed process does not: keep it under another name meanwhile.
    private void LeaveBehind()
    {
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(Path));
            dead.Listen();
            File.Move(Path, Path + ".kept");
        }
        File.Move(Path + ".kept", Path);
    }
}
