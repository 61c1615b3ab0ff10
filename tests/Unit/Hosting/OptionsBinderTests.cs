using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Routing;
using GrainMQ.Silo.Configuration;
using Microsoft.Extensions.Logging;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

public sealed class OptionsBinderTests
{
    private readonly GatewayOptions _options = new();
    private readonly OptionsBinder _binder;

    public OptionsBinderTests() => _binder = new(_options);

    [Fact]
    public void ValuesOfEveryTypeAreSet()
    {
        Apply("Connections:ConnectTimeout", "2500ms");
        Apply("Connections:MaximumPacketSize", "2MiB");
        Apply("connections:receivemaximum", "100");
        Apply("Connections:RetainAvailable", "FALSE");
        Apply("Outbound:WhenFull", "drop_newest");
        Apply("Delivery:ShareStrategy", "hash-topic");
        Apply("Log:Level", "debug");
        Apply("Data:Directory", "/var/lib/grainmq");
        Apply("Security:AllowAnonymous", "true");
        Apply("Grains:StoreShards", "8");
        Apply("Connections:SessionExpiryMaximum", "14.00:00:00");

        Assert.Empty(_binder.Errors);
        Assert.Equal(TimeSpan.FromSeconds(2.5), _options.Connections.ConnectTimeout);
        Assert.Equal(2 * 1024 * 1024, _options.Connections.MaximumPacketSize);
        Assert.Equal(100, _options.Connections.ReceiveMaximum);
        Assert.False(_options.Connections.RetainAvailable);
        Assert.Equal(FullQueuePolicy.DropNewest, _options.Outbound.WhenFull);
        Assert.Equal(ShareStrategy.HashTopic, _options.Delivery.ShareStrategy);
        Assert.Equal(LogLevel.Debug, _options.Log.Level);
        Assert.Equal("/var/lib/grainmq", _options.Data.Directory);
        Assert.True(_options.Security.AllowAnonymous);
        Assert.Equal(8, _options.Grains.StoreShards);
        Assert.Equal(TimeSpan.FromDays(14), _options.Connections.SessionExpiryMaximum);
    }

    [Fact]
    public void EmptyTextIsNullWhereThereIsNull()
    {
        Apply("Tls:CipherSuites", "x");
        Apply("Tls:CipherSuites", "");
        Apply("Security:AllowAnonymous", "");

        Assert.Empty(_binder.Errors);
        Assert.Null(_options.Tls.CipherSuites);
        Assert.Null(_options.Security.AllowAnonymous);
    }

    [Theory]
    [InlineData("Connections:ConnectTimeout", "10", "a duration such as 500ms, 10s, 2m, 1h or 7d from 100ms to 1h")]
    [InlineData("Connections:ConnectTimeout", "2h", "from 100ms to 1h")]
    [InlineData("Connections:ConnectTimeout", "-1s", "a duration")]
    [InlineData("Connections:ReceiveMaximum", "0", "a number from 1 to 65535")]
    [InlineData("Connections:ReceiveMaximum", "65536", "a number from 1 to 65535")]
    [InlineData("Connections:KeepAliveMaximum", "-1", "a number from 0 to 65535")]
    [InlineData("Connections:MaximumQoS", "3", "a number from 0 to 2")]
    [InlineData("Connections:MaximumPacketSize", "1 parsec", "bytes such as 65536, 64KiB or 1MiB from 64 to 268435460")]
    [InlineData("Connections:RetainAvailable", "1", "true or false")]
    [InlineData("Connections:RetainAvailable", "", "true or false")]
    [InlineData("Outbound:WhenFull", "explode", "Disconnect, DropNewest")]
    [InlineData("Outbound:WhenFull", "1", "Disconnect, DropNewest")]
    [InlineData("Listeners:tcp:Kind", "udp", "Tcp, Tls, Ws, Wss")]
    [InlineData("Listeners:tcp:Address", "", "text that is not empty")]
    [InlineData("Listeners:tcp:Certificate", "", "a path")]
    [InlineData("Tls:Certificates:a:Key", " ", "a path")]
    [InlineData("Security:PasswordFile", "", "a path")]
    [InlineData("Data:Directory", "", "a path")]
    [InlineData("Connections:ReceiveMaximum", "0x10", "a number from 1 to 65535")]
    [InlineData("Connections:ReceiveMaximum", null, "a number from 1 to 65535")]
    [InlineData("Listeners:tcp:Address", null, "text that is not empty")]
    public void BadValueSaysWhatWasReadAndWhatIsExpected(string key, string? value, string expected)
    {
        Apply(key, value);

        var error = Assert.Single(_binder.Errors);
        Assert.StartsWith($"{key} (here): read '{value}', expected", error);
        Assert.Contains(expected, error);
    }

    [Theory]
    [InlineData("Connections:ReciveMaximum", "Connections:ReceiveMaximum")]
    [InlineData("Conection:ReceiveMaximum", "Connections:ReceiveMaximum")]
    [InlineData("Securty:AllowAnonymous", "Security:AllowAnonymous")]
    [InlineData("AllowAnonymous", "Security:AllowAnonymous")]
    [InlineData("Log", "Log:Level")]
    [InlineData("Connections:ReceiveMaximum:More", "Connections:ReceiveMaximum")]
    [InlineData("Listeners:tcp:Adress", "Listeners:tcp:Address")]
    [InlineData("Listeners:tcp:Name", "Listeners:tcp:Kind")]
    public void UnknownKeyNamesTheNearestOneAndWhereItWas(string key, string nearest)
    {
        Apply(key, "1");

        Assert.Equal($"{key} (here) is not an option. Did you mean {nearest}?", Assert.Single(_binder.Errors));
    }

    [Fact]
    public void ListenersAreAddedByName()
    {
        Apply("Listeners:tls:Address", "0.0.0.0:8883");
        Apply("Listeners:wss-public:Address", "*:8084");
        Apply("Listeners:factory:Address", "10.0.0.1:1884");
        Apply("Listeners:factory:Kind", "tcp");
        _binder.Complete();

        Assert.Empty(_binder.Errors);
        Assert.Equal(
            ["tcp Tcp 127.0.0.1:1883", "ws Ws 127.0.0.1:8083", "tls Tls 0.0.0.0:8883", "wss-public Wss *:8084", "factory Tcp 10.0.0.1:1884"],
            Listeners());
    }

    [Fact]
    public void ListenerWithoutAKindIsAnError()
    {
        Apply("Listeners:factory:Address", "10.0.0.1:1884");
        _binder.Complete();

        Assert.Contains("listener 'factory' needs Listeners:factory:Kind", Assert.Single(_binder.Errors));
    }

    [Fact]
    public void ListenerNamesAreChecked()
    {
        Apply("Listeners:a b:Kind", "tcp");

        Assert.Contains("a listener's name has 1 to 32", Assert.Single(_binder.Errors));
    }

    [Fact]
    public void NoneRemovesAListener()
    {
        Apply("Listeners:ws:Address", "None");
        _binder.Complete();

        Assert.Equal(["tcp Tcp 127.0.0.1:1883"], Listeners());
    }

    [Fact]
    public void AddressesOfAKindReplaceItsListenersAndLeaveOtherKinds()
    {
        _binder.SetAddresses(ListenerKind.Tcp, ["127.0.0.1:1", "127.0.0.1:2"]);
        _binder.Complete();

        Assert.Equal(["tcp Tcp 127.0.0.1:1", "ws Ws 127.0.0.1:8083", "tcp2 Tcp 127.0.0.1:2"], Listeners());
    }

    [Fact]
    public void AddressesGoToTheListenersOfTheFileInOrderAndKeepTheirCertificates()
    {
        Apply("Listeners:tls-a:Certificate", "a.pem");
        Apply("Listeners:tls-b:Certificate", "b.pem");
        _binder.SetAddresses(ListenerKind.Tls, ["127.0.0.1:8883"]);
        _binder.Complete();

        var tls = Assert.Single(_options.Listeners, listener => listener.Kind == ListenerKind.Tls);
        Assert.Equal(("tls-a", "a.pem", "127.0.0.1:8883"), (tls.Name, tls.Certificate, tls.Address));
    }

    private void Apply(string key, string? value) => _binder.Apply([new Setting(key, value, "here")]);

    private string[] Listeners() => [.. _options.Listeners.Select(listener => $"{listener.Name} {listener.Kind} {listener.Address}")];
}
