using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Silo.Configuration;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

[Collection(nameof(ProcessEnvironment))]
public sealed class GatewayConfigurationTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<string> _variables = [];

    public void Dispose()
    {
        _variables.ForEach(name => Environment.SetEnvironmentVariable(name, null));
        _directory.Dispose();
    }

    [Fact]
    public void LaterSourcesWin()
    {
        var file = Write(
            """
            {
              // comments are allowed
              "Connections": { "ReceiveMaximum": 1, "TopicAliasMaximum": 1, "KeepAliveMaximum": 1, "RetainAvailable": false },
            }
            """);
        Variable("GRAINMQ__Connections__TopicAliasMaximum", "2");
        Variable("grainmq__connections__keepalivemaximum", "2");
        Variable("GRAINMQ_PORT", "tcp://10.0.0.1:1883"); // Kubernetes sets it for a service named grainmq

        var (options, errors) = Load(file, [new("Connections:KeepAliveMaximum", "3", "--set")]);

        Assert.Empty(errors);
        Assert.Equal(1, options.Connections.ReceiveMaximum);
        Assert.Equal(2, options.Connections.TopicAliasMaximum);
        Assert.Equal(3, options.Connections.KeepAliveMaximum);
        Assert.False(options.Connections.RetainAvailable);
    }

    [Fact]
    public void DefaultsAreUsableAsTheyAre()
    {
        var (options, errors) = Load(null, []);

        Assert.Empty(errors);
        Assert.Equal(["127.0.0.1:1883", "127.0.0.1:8083"], options.Listeners.Select(listener => listener.Address));
        Assert.Null(options.Security.AllowAnonymous);
    }

    [Fact]
    public void EveryErrorOfEverySourceIsTold()
    {
        var file = Write("""{ "Conections": { "A": 1 }, "Log": { "Level": "loud" } }""");

        Variable("GRAINMQ__Log__Lewel", "x");

        var (_, errors) = Load(file, [new("Data:Dir", "x", "--set")]);

        Assert.Equal(4, errors.Count);
        Assert.Contains($"(file '{file}')", errors[0]);
        Assert.Contains($"(file '{file}'): read 'loud'", errors[1]);
        Assert.Contains("(environment variable GRAINMQ__Log__Lewel) is not an option. Did you mean Log:Level?", errors[2]);
        Assert.Contains("Did you mean Data:Directory?", errors[3]);
    }

    [Theory]
    [InlineData("{ \"Log\": ", "is not JSON")]
    [InlineData("[]", "must hold one JSON object")]
    [InlineData("{ \"Log\": { \"Level\": [\"Debug\"] } }", "read '[\"Debug\"]'")]
    [InlineData("{ \"Log\": 1 }", "Log (file")]
    public void BadFileIsNamed(string content, string cause)
    {
        var (_, errors) = Load(Write(content), []);

        Assert.Contains(cause, Assert.Single(errors));
        Assert.Contains(_directory.Path, errors[0]);
    }

    [Theory]
    [InlineData("{ \"Log\": { \"Level\": \"Debug\", \"Format\": \"Json\", \"Level\": \"Error\" } }", "Log:Level")]
    [InlineData("{ \"Log\": { \"Level\": \"Debug\" }, \"log\": { \"level\": \"Error\" } }", "log:level")]
    public void KeyThatIsGivenTwiceIsAnError(string content, string key) =>
        Assert.EndsWith($"has the key {key} twice. Remove one of the two.", Assert.Single(Load(Write(content), []).Errors));

    [Fact]
    public void FileMayBeginWithAByteOrderMark()
    {
        var file = _directory.File("bom.json");
        File.WriteAllText(file, """{ "Connections": { "ReceiveMaximum": 7 } }""", new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true));

        var (options, errors) = Load(file, []);

        Assert.Empty(errors);
        Assert.Equal(7, options.Connections.ReceiveMaximum);
    }

    [Fact]
    public void ListenersKeepTheOrderOfTheFile()
    {
        var file = Write("""{ "Listeners": { "ws": { "Address": "none" }, "tcp-b": { "Address": "127.0.0.1:2" }, "tcp-a": { "Address": "127.0.0.1:1" } } }""");

        var (options, errors) = Load(file, []);

        Assert.Empty(errors);
        Assert.Equal(["tcp", "tcp-b", "tcp-a"], options.Listeners.Select(listener => listener.Name));
    }

    [Fact]
    public void EmptySectionsAndNullsSayNothing()
    {
        var file = Write("""{ "Log": {}, "Listeners": { "tcp": {} }, "Tls": { "Certificates": [], "Certificate": null }, "Data": null }""");

        var (options, errors) = Load(file, []);

        Assert.Empty(errors);
        Assert.Null(options.Tls.Certificate);
    }

    [Fact]
    public void EmptyPathOfTheFileIsAnError() => Assert.Equal(["--config: read '', expected a path."], Load("", []).Errors);

    [Fact]
    public void MissingFileIsNamed()
    {
        var (_, errors) = Load(_directory.File("none.json"), []);

        Assert.Contains("none.json", Assert.Single(errors));
    }

    [Theory]
    [InlineData("0.0.0.0:1883")]
    [InlineData("192.168.0.1:1883")]
    [InlineData("[::]:1883")]
    [InlineData("*:1883")]
    public void ListenerThatOthersReachNeedsAChoice(string address)
    {
        var error = Assert.Single(LoadTcp(address).Errors);
        Assert.Contains("--allow-anonymous true", error);
        Assert.Contains("--password-file FILE", error);
        Assert.Contains(address, error);

        Assert.Empty(LoadTcp(address, new Setting("Security:AllowAnonymous", "true", "--set")).Errors);
        Assert.Empty(LoadTcp(address, new Setting("Security:AllowAnonymous", "false", "--set")).Errors);
        Assert.Empty(LoadTcp(address, new Setting("Security:PasswordFile", "users", "--set")).Errors);
    }

    [Theory]
    [InlineData("127.0.0.1:1883")]
    [InlineData("127.1.2.3:1883")]
    [InlineData("[::1]:1883")]
    [InlineData("localhost:1883")]
    public void LoopbackListenerNeedsNone(string address) => Assert.Empty(LoadTcp(address).Errors);

    [Theory]
    [InlineData("1883")]
    [InlineData(":1883")]
    [InlineData("127.0.0.1:")]
    [InlineData("[::1]:")]
    [InlineData("::1")]
    [InlineData("[::1")]
    [InlineData("*:")]
    [InlineData("quic")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:+1")]
    [InlineData("127.0.1:1883")]
    [InlineData("::1:1883")]
    [InlineData("[127.0.0.1]:1883")]
    [InlineData("example.com:1883")]
    public void BadAddressSaysWhatIsExpected(string address) =>
        Assert.Contains("expected IPV4:PORT, [IPV6]:PORT", Assert.Single(LoadTcp(address).Errors));

    [Theory]
    [InlineData("127.0.0.1", ListenerKind.Tcp, "127.0.0.1:1883")]
    [InlineData("localhost", ListenerKind.Tls, "127.0.0.1:8883")]
    [InlineData("0.0.0.0", ListenerKind.Ws, "0.0.0.0:8083")]
    [InlineData("[::1]", ListenerKind.Wss, "[::1]:8084")]
    [InlineData("*", ListenerKind.Quic, "[::]:14567")]
    [InlineData("*:0", ListenerKind.Quic, "[::]:0")]
    [InlineData("[::1]:1234", ListenerKind.Quic, "[::1]:1234")]
    public void PortMayBeLeftOut(string address, ListenerKind kind, string expected)
    {
        Assert.True(ListenAddress.TryParse(new() { Name = "test", Kind = kind, Address = address }, out var endPoint));
        Assert.Equal(expected, endPoint.ToString());
    }

    [Fact]
    public void SameDefaultPortTwiceIsAnError() =>
        Assert.Contains("both want 127.0.0.1:8083", Assert.Single(LoadTcp("127.0.0.1:1", new Setting("Listeners:ws2:Address", "localhost", "--set")).Errors));

    [Fact]
    public void UnixDomainSocketIsLocal() => Assert.Empty(LoadUnix("/run/grainmq.sock").Errors);

    [Theory]
    [InlineData("tcp:ProxyProtocol=true")] // on a loopback address
    [InlineData("unix:ProxyProtocol=true")]
    public void ListenerBehindAProxyNeedsAChoice(string setting) =>
        Assert.Contains("--allow-anonymous true", Assert.Single(LoadUnix("/run/grainmq.sock", setting).Errors));

    [Theory]
    [InlineData("", "unix:Kind=unix", "give the path of the socket with --unix PATH")]
    [InlineData("/run/a.sock", "unix:Permissions=888", "read '888', expected octal digits such as 660")]
    [InlineData("/run/a.sock", "unix:Permissions=1777", "expected octal digits")]
    [InlineData("/run/a.sock", "unix:Permissions=rw", "expected octal digits")]
    [InlineData("/run/a.sock", "tcp:Permissions=660", "has no effect on a tcp listener")]
    [InlineData("/run/a.sock", "unix2:Address=/run/a.sock", "Listeners 'unix' and 'unix2' both want /run/a.sock")]
    public void BadSettingOfAUnixDomainSocketSaysWhatToDo(string path, string setting, string words) =>
        Assert.Contains(words, Assert.Single(LoadUnix(path, setting).Errors));

    [Fact]
    public void LongPathSaysHowLongItMayBe()
    {
        var path = "/run/" + new string('ü', 60);
        Assert.Contains($"'{path}' has 125 bytes, and a Unix socket's at most", Assert.Single(LoadUnix(path).Errors));
    }

    [Fact]
    public void TwoListenersOnOneAddressAreAnError() =>
        Assert.Contains("both want 127.0.0.1:8083", Assert.Single(LoadTcp("127.0.0.1:8083").Errors));

    [Fact]
    public void NoListenerAtAllIsAnError()
    {
        var none = new Dictionary<ListenerKind, IReadOnlyList<string>> { [ListenerKind.Tcp] = ["none"], [ListenerKind.Ws] = ["none"] };

        var (_, errors) = new GatewayConfiguration(null, none, []).Load();

        Assert.Contains("There is no listener", Assert.Single(errors));
    }

    [Fact]
    public void TlsListenerNeedsACertificate()
    {
        var tls = new Dictionary<ListenerKind, IReadOnlyList<string>> { [ListenerKind.Tls] = ["127.0.0.1:8883"] };

        Assert.Contains("--cert FILE", Assert.Single(new GatewayConfiguration(null, tls, []).Load().Errors));
        Assert.Empty(new GatewayConfiguration(null, tls, [new("Tls:Certificate", "x", "--cert")]).Load().Errors);
        Assert.Empty(new GatewayConfiguration(null, tls, [new("Listeners:tls:Certificate", "x", "--set")]).Load().Errors);
    }

    [Fact]
    public void GrainOptionsAreCheckedToo() =>
        Assert.Contains("Grains:StoreShards (--set): read '0'", Assert.Single(Load(null, [new("Grains:StoreShards", "0", "--set")]).Errors));

    private static (Gateway.Configuration.GatewayOptions Options, IReadOnlyList<string> Errors) Load(
        string? file, IReadOnlyList<Setting> commandLine) =>
        new GatewayConfiguration(file, new Dictionary<ListenerKind, IReadOnlyList<string>>(), commandLine).Load();

    private static (Gateway.Configuration.GatewayOptions Options, IReadOnlyList<string> Errors) LoadTcp(string address, params Setting[] settings) =>
        new GatewayConfiguration(
            null, new Dictionary<ListenerKind, IReadOnlyList<string>> { [ListenerKind.Tcp] = [address] }, settings).Load();

    private static (Gateway.Configuration.GatewayOptions Options, IReadOnlyList<string> Errors) LoadUnix(string path, params string[] settings) =>
        new GatewayConfiguration(
            null, new Dictionary<ListenerKind, IReadOnlyList<string>> { [ListenerKind.Unix] = [path] },
            [.. settings.Select(setting => new Setting($"Listeners:{setting.Split('=')[0]}", setting.Split('=')[1], "--set"))]).Load();

    private void Variable(string name, string value)
    {
        _variables.Add(name);
        Environment.SetEnvironmentVariable(name, value);
    }

    private string Write(string json)
    {
        var path = _directory.File("grainmq.json");
        File.WriteAllText(path, json);
        return path;
    }
}

/// <summary>Tests that set variables of this process run alone: other tests read them too.</summary>
[CollectionDefinition(nameof(ProcessEnvironment), DisableParallelization = true)]
public sealed class ProcessEnvironment;
