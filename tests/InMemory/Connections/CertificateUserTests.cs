using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.InMemory.Connections;

/// <summary>Who a client is when its certificate says it: the TLS handshake has proved it before CONNECT.</summary>
public sealed class CertificateUserTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("admin")]
    [InlineData("sensor")]
    public async Task CertificateGoesBeforeConnectAndNeedsNoPassword(string? userName)
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Security.AllowAnonymous = false);
        var client = gateway.Open(certified: "sensor");

        client.Send(ClientPackets.Connect(clientId: "a", userName: userName, password: "wrong"u8.ToArray()));

        Assert.Equal(ReasonCode.Success, (await client.ReceiveAsync())?.Reason);
        Assert.Equal("sensor", Assert.Single(gateway.Connections.All).Client.UserName);
    }

    [Fact]
    public async Task ClientWithoutACertificateIsNotTakenForOne()
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Security.AllowAnonymous = false);
        var client = gateway.Open();

        client.Send(ClientPackets.Connect(clientId: "a", userName: "sensor", password: []));

        Assert.Equal(ReasonCode.BadUserNameOrPassword, (await client.ReceiveAsync())?.Reason);
        await client.ClosedAsync();
    }

    [Theory]
    [InlineData("sensor", ReasonCode.Success)]
    [InlineData("other", ReasonCode.NotAuthorized)]
    public async Task ExchangeCannotProveAnotherUserThanTheCertificate(string proved, ReasonCode expected)
    {
        await using var gateway = await InMemoryGateway.StartAsync(
            services: services => services.AddSingleton<IEnhancedAuthenticator>(new ProvesAtOnce(proved)));
        var client = gateway.Open(certified: "sensor");

        client.Send(ClientPackets.Connect(
            clientId: "a", properties: new PropertyList { { PropertyId.AuthenticationMethod, ProvesAtOnce.Name } }));

        Assert.Equal(expected, (await client.ReceiveAsync())?.Reason);
    }

    private sealed class ProvesAtOnce(string userName) : IEnhancedAuthenticator, IAuthenticationExchange
    {
        public const string Name = "TEST";

        public string Method => Name;

        public IAuthenticationExchange Begin(AuthenticationRequest request) => this;

        public ValueTask<ExchangeStep> ContinueAsync(byte[]? data) => new(ExchangeStep.Success(null, userName));
    }
}
