using System.Text;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;
using Xunit;

namespace GrainMQ.Tests.Unit.Security;

public sealed class ScramExchangeTests
{
    private const string ServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    private const string ClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    private const string ServerFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    private const string ClientFinal =
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    private const string ServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    [Fact]
    public async Task ExchangeIsThatOfTheRfc()
    {
        var exchange = Begin();
        Assert.Equal((ExchangeStatus.Continue, ServerFirst), await SayAsync(exchange, ClientFirst));
        Assert.Equal((ExchangeStatus.Success, ServerFinal), await SayAsync(exchange, ClientFinal));
        Assert.Equal((ExchangeStatus.Failure, null), await SayAsync(exchange, ClientFinal)); // it has ended
    }

    [Fact]
    public async Task WithoutInitialDataTheClientIsAskedToBegin()
    {
        var exchange = Begin();
        Assert.Equal((ExchangeStatus.Continue, null), await SayAsync(exchange, null));
        Assert.Equal((ExchangeStatus.Continue, ServerFirst), await SayAsync(exchange, ClientFirst));
        Assert.Equal((ExchangeStatus.Success, ServerFinal), await SayAsync(exchange, ClientFinal));
    }

    [Fact]
    public async Task ClientThatSaysNothingTwiceIsRefused()
    {
        var exchange = Begin();
        await SayAsync(exchange, null);
        Assert.Equal((ExchangeStatus.Failure, null), await SayAsync(exchange, null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("n,,")]
    [InlineData("n,,n=user")]
    [InlineData("n,,n=,r=abc")]
    [InlineData("n,,n=user,r=")]
    [InlineData("n,,n=user,r=a b")]
    [InlineData("n,,n=us=er,r=abc")]
    [InlineData("n,,n=user=2c,r=abc")] // capital letters only
    [InlineData("n,,r=abc,n=user")]
    [InlineData("n,,m=needed,n=user,r=abc")]
    [InlineData("p=tls-unique,,n=user,r=abc")]
    [InlineData("x,,n=user,r=abc")]
    [InlineData("n,a=other,n=user,r=abc")]
    [InlineData("n=user,r=abc")]
    public async Task MalformedFirstMessageIsRefused(string message) =>
        Assert.Equal((ExchangeStatus.Failure, null), await SayAsync(Begin(), message));

    [Fact]
    public async Task NonceIsBounded()
    {
        Assert.Equal(ExchangeStatus.Continue, (await SayAsync(Begin(), $"n,,n=user,r={new string('x', 1024)}")).Status);
        Assert.Equal(ExchangeStatus.Failure, (await SayAsync(Begin(), $"n,,n=user,r={new string('x', 1025)}")).Status);
    }

    [Fact]
    public async Task BytesThatAreNoTextAreRefused() =>
        Assert.Equal(ExchangeStatus.Failure, (await Begin().ContinueAsync([0x6E, 0x2C, 0x2C, 0xC3, 0x28])).Status);

    [Theory]
    [InlineData("c=biws", "c=eSws")] // another header than the first message had
    [InlineData("RaTCAfux", "RaTCAfuy")] // another nonce
    [InlineData(",p=dHzb", ",p=eHzb")]
    [InlineData(",p=dHzbZap", ",p=dHzb")]
    [InlineData(",p=dHzb", ",x=dHzb")]
    [InlineData("c=biws,", "")]
    public async Task WrongFinalMessageIsRefused(string right, string wrong)
    {
        var exchange = Begin();
        await SayAsync(exchange, ClientFirst);
        Assert.Equal((ExchangeStatus.Failure, null), await SayAsync(exchange, ClientFinal.Replace(right, wrong, StringComparison.Ordinal)));
        Assert.Equal((ExchangeStatus.Failure, null), await SayAsync(exchange, ClientFinal)); // no second try
    }

    [Fact]
    public async Task UnknownUserSeesWhatAWrongPasswordSees()
    {
        var unknown = ClientFirst.Replace("user", "nobody", StringComparison.Ordinal);
        var (first, second) = (Begin(), Begin());
        var answer = await SayAsync(first, unknown);
        Assert.Equal(ExchangeStatus.Continue, answer.Status);
        Assert.Equal(answer, await SayAsync(second, unknown)); // the same salt every time
        Assert.EndsWith(",i=4096", answer.Data, StringComparison.Ordinal);
        Assert.Equal(ServerFirst.Length, answer.Data?.Length);
        var step = await first.ContinueAsync(Encoding.UTF8.GetBytes(ClientFinal));
        Assert.Equal((ExchangeStatus.Failure, ReasonCode.BadUserNameOrPassword), (step.Status, step.Reason));
    }

    [Fact]
    public async Task CommasAndEqualsSignsOfAUserNameAreEscaped()
    {
        var users = new PasswordUsers(new Dictionary<string, ScramVerifier> { ["a=b,c"] = ScramVerifier.Create("secret"u8, 1, [1, 2, 3]) });
        var exchange = new ScramExchange(users, ServerNonce);
        Assert.Equal($"r=abc{ServerNonce},s=AQID,i=1", (await SayAsync(exchange, "y,a=a=3Db=2Cc,n=a=3Db=2Cc,r=abc,ext=1")).Data);
    }

    [Fact]
    public async Task UserNameIsPrepared()
    {
        Assert.Equal((ExchangeStatus.Continue, ServerFirst), await SayAsync(Begin(), ClientFirst.Replace("user", "us\u00ADer", StringComparison.Ordinal)));
        Assert.Equal((ExchangeStatus.Failure, null), await SayAsync(Begin(), ClientFirst.Replace("user", "us\u0007er", StringComparison.Ordinal)));
        Assert.Equal((ExchangeStatus.Failure, null), await SayAsync(Begin(), ClientFirst.Replace("user", "\u00AD", StringComparison.Ordinal)));
    }

    private static ScramExchange Begin()
    {
        Assert.True(ScramVerifier.TryParse(ScramVerifierTests.Pencil, out var verifier, out _));
        return new ScramExchange(new PasswordUsers(new Dictionary<string, ScramVerifier> { ["user"] = verifier }), ServerNonce);
    }

    private static async Task<(ExchangeStatus Status, string? Data)> SayAsync(ScramExchange exchange, string? message)
    {
        var step = await exchange.ContinueAsync(message is null ? null : Encoding.UTF8.GetBytes(message));
        return (step.Status, step.Data is null ? null : Encoding.UTF8.GetString(step.Data));
    }
}
