using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.InMemory.Security;

/// <summary>A method whose steps take their time, as one that asks another service does.</summary>
public sealed class ReauthenticationTests
{
    private readonly SlowMethod _method = new();

    [Fact]
    public async Task TrafficGoesOnWhileAStepIsComputed()
    {
        await using var gateway = await StartAsync();
        var client = await ConnectAsync(gateway);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        var step = _method.Next();
        client.Send(ClientPackets.Auth(ReasonCode.ReAuthenticate, "slow"));
        await client.NothingMoreAsync(); // [MQTT-4.12.1-1]: the reader goes on
        await client.PublishAsync("t", "meanwhile", QoS.AtLeastOnce);
        await client.ExpectPublishAsync("meanwhile");

        step.SetResult(ExchangeStep.Success([7], "alice"));
        Assert.Equal(ReasonCode.Success, (await client.ExpectAsync(PacketType.Auth)).Reason);
        await client.NothingMoreAsync();
    }

    [Fact]
    public async Task AnswerThatNobodyAskedForYetIsAProtocolError()
    {
        await using var gateway = await StartAsync();
        var client = await ConnectAsync(gateway);
        var step = _method.Next();
        client.Send(ClientPackets.Auth(ReasonCode.ReAuthenticate, "slow"));
        await client.NothingMoreAsync();
        client.Send(ClientPackets.Auth(ReasonCode.ContinueAuthentication, "slow"));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        step.SetResult(ExchangeStep.Success(null, "alice")); // too late for any client
        await gateway.IdleAsync();
    }

    [Fact]
    public async Task SomebodyElseDoesNotGetTheSession()
    {
        await using var gateway = await StartAsync();
        var client = await ConnectAsync(gateway);
        _method.Next().SetResult(ExchangeStep.Success(null, "mallory"));
        client.Send(ClientPackets.Auth(ReasonCode.ReAuthenticate, "slow"));
        await client.ExpectDisconnectAsync(ReasonCode.NotAuthorized); // [MQTT-4.12.1-2]
    }

    [Fact]
    public async Task AuthenticatorThatFailsRefuses()
    {
        await using var gateway = await StartAsync();
        gateway.ExpectError(4507);
        var client = await ConnectAsync(gateway);
        var step = _method.Next();
        client.Send(ClientPackets.Auth(ReasonCode.ReAuthenticate, "slow"));
        await client.NothingMoreAsync();
        step.SetException(new InvalidOperationException("the service is gone"));
        await client.ExpectDisconnectAsync(ReasonCode.NotAuthorized);
        Assert.Contains(gateway.Log.Lines, line => line.EventId == 4507);
    }

    [Fact]
    public async Task LastWillIsPublishedWhenReauthenticationFails()
    {
        await using var gateway = await StartAsync();
        var watcher = await ConnectAsync(gateway, "watcher");
        await watcher.SubscribeAsync("will");
        var client = await ConnectAsync(gateway, "client", new ClientWill("will", "gone"u8.ToArray()));
        _method.Next().SetResult(ExchangeStep.Failure(ReasonCode.NotAuthorized));
        client.Send(ClientPackets.Auth(ReasonCode.ReAuthenticate, "slow"));
        await client.ExpectDisconnectAsync(ReasonCode.NotAuthorized);
        await watcher.ExpectPublishAsync("gone");
    }

    private Task<InMemoryGateway> StartAsync() =>
        InMemoryGateway.StartAsync(services: services => services.AddSingleton<IEnhancedAuthenticator>(_method));

    private async Task<MemoryClient> ConnectAsync(InMemoryGateway gateway, string id = "client", ClientWill? will = null)
    {
        _method.Next().SetResult(ExchangeStep.Success(null, "alice"));
        return await gateway.ConnectAsync(id, will: will, properties: new PropertyList { { PropertyId.AuthenticationMethod, "slow" } });
    }

    private sealed class SlowMethod : IEnhancedAuthenticator, IAuthenticationExchange
    {
        private TaskCompletionSource<ExchangeStep> _next = new();

        public string Method => "slow";

        public TaskCompletionSource<ExchangeStep> Next() => _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IAuthenticationExchange Begin(AuthenticationRequest request) => this;

        public ValueTask<ExchangeStep> ContinueAsync(byte[]? data) => new(_next.Task);
    }
}
