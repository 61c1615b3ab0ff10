using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;
using Xunit;

namespace GrainMQ.Tests.Unit.Security;

public sealed class AuthenticatorsTests
{
    private static readonly AuthenticationRequest Anonymous = new("client", null, null, "tcp", null);
    private static readonly AuthenticationRequest Named = Anonymous with { UserName = "alice", Password = [1] };

    [Fact]
    public async Task FirstThatKnowsTheClientDecides()
    {
        var chain = new Authenticators(
            [new Fixed(AuthenticationResult.NotMine), new Fixed(AuthenticationResult.Refuse(ReasonCode.Banned)), new Fixed(AuthenticationResult.Accept("x"))],
            [], new SecurityOptions { AllowAnonymous = true });
        Assert.Equal(ReasonCode.Banned, (await chain.AuthenticateAsync(Anonymous)).Reason);
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData(true, null, true)]
    [InlineData(false, null, false)]
    [InlineData(null, "users", false)]
    [InlineData(true, "users", true)]
    public async Task WhoIsNobodysIsAnonymous(bool? allowed, string? file, bool isLetIn)
    {
        var chain = new Authenticators([], [], new SecurityOptions { AllowAnonymous = allowed, PasswordFile = file });
        Assert.Equal(isLetIn ? ReasonCode.Success : ReasonCode.NotAuthorized, (await chain.AuthenticateAsync(Anonymous)).Reason);
        Assert.Equal(isLetIn ? ReasonCode.Success : ReasonCode.BadUserNameOrPassword, (await chain.AuthenticateAsync(Named)).Reason);
    }

    [Fact]
    public async Task CertificateGoesBeforeConnect()
    {
        var chain = new Authenticators(
            [new CertificateAuthenticator(), new Fixed(AuthenticationResult.Refuse(ReasonCode.Banned))], [], new SecurityOptions());
        Assert.Equal(AuthenticationResult.Accept("alice"), await chain.AuthenticateAsync(Named with { IsCertified = true }));
        Assert.Equal(ReasonCode.Banned, (await chain.AuthenticateAsync(Named)).Reason);
    }

    [Fact]
    public void RequestPrintsNoCredentials() => Assert.Equal("client from ", Named.ToString());

    private sealed class Fixed(AuthenticationResult result) : IAuthenticator
    {
        public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request) => new(result);
    }
}
