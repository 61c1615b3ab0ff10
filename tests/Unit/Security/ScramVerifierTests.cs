using GrainMQ.Gateway.Security;
using Xunit;

namespace GrainMQ.Tests.Unit.Security;

public sealed class ScramVerifierTests
{
    /// <summary>RFC 7677 §3: user "user", password "pencil".</summary>
    internal const string Pencil =
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    [Fact]
    public void KeysAreThoseOfTheRfc()
    {
        var verifier = ScramVerifier.Create("pencil"u8, 4096, Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ=="));
        Assert.Equal(Pencil, verifier.Format());
    }

    [Fact]
    public void OnlyThePasswordMatches()
    {
        Assert.True(ScramVerifier.TryParse(Pencil, out var verifier, out _));
        Assert.True(verifier.Matches("pencil"u8));
        Assert.False(verifier.Matches("Pencil"u8));
        Assert.False(verifier.Matches(""u8));
    }

    [Fact]
    public void SaltsDiffer() => Assert.NotEqual(ScramVerifier.Create("p"u8).Salt, ScramVerifier.Create("p"u8).Salt);

    [Theory]
    [InlineData("", "not SCRAM-SHA-256$")]
    [InlineData("plain", "not SCRAM-SHA-256$")]
    [InlineData("SCRAM-SHA-1$4096:AA==$AA==:AA==", "not SCRAM-SHA-256$")]
    [InlineData("SCRAM-SHA-256$0:AA==$AA==:AA==", "iterations")]
    [InlineData("SCRAM-SHA-256$99999999999:AA==$AA==:AA==", "iterations")]
    [InlineData("SCRAM-SHA-256$+1:AA==$AA==:AA==", "iterations")]
    [InlineData("SCRAM-SHA-256$1:!$AA==:AA==", "salt")]
    [InlineData("SCRAM-SHA-256$1:$AA==:AA==", "salt")]
    [InlineData("SCRAM-SHA-256$1:AA==$AA==:AA==", "stored key")]
    [InlineData("SCRAM-SHA-256$1:AA==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:AA==", "server key")]
    public void MalformedVerifierIsNamed(string text, string cause)
    {
        Assert.False(ScramVerifier.TryParse(text, out _, out var fault));
        Assert.Contains(cause, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void PasswordIsPrepared() => Assert.True(ScramVerifier.Create("pen\u00ADcil\u00A0x"u8).Matches("pencil x"u8));

    [Fact]
    public void PasswordIsItsBytes()
    {
        byte[] noText = [0xC3, 0x28, 0x00, 0xFF];
        Assert.True(ScramVerifier.Create(noText).Matches(noText));
        Assert.False(ScramVerifier.Create(noText).Matches([0xC3, 0x28, 0x00]));
    }
}
