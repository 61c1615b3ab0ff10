using System.Text;
using GrainMQ.Gateway.Security;
using Xunit;

namespace GrainMQ.Tests.Unit.Security;

public sealed class SaslPrepTests
{
    [Theory] // RFC 4013 §3
    [InlineData("I\u00ADX", "IX")]
    [InlineData("user", "user")]
    [InlineData("USER", "USER")]
    [InlineData("\u0007", null)]
    [InlineData("\u0627\u0031", null)]
    public void ExamplesOfTheRfc(string text, string? expected) => Assert.Equal(expected, SaslPrep.Prepare(text));

    [Theory] // RFC 4013 §3; without ICU the text stays as it is
    [InlineData("\u00AA", "a")]
    [InlineData("\u2168", "IX")]
    public void NormalizationIsThatOfTheProcess(string text, string expected) =>
        Assert.Equal(SaslPrep.CanNormalize ? expected : text, SaslPrep.Prepare(text));

    [Theory]
    [InlineData("", "")]
    [InlineData("a b", "a b")]
    [InlineData("a\u00A0b\u3000c\u200Bd", "a b c d")]
    [InlineData("\uFEFFa\u2060\u200Db\uFE0F", "ab")]
    [InlineData("pässwörd", "pässwörd")]
    [InlineData("\U0001F511", "\U0001F511")]
    [InlineData("\u05D0\u05D1 1\u05D2", "\u05D0\u05D1 1\u05D2")]
    [InlineData("\u0627\u061F", "\u0627\u061F")]
    public void TextIsMapped(string text, string expected) => Assert.Equal(expected, SaslPrep.Prepare(text));

    [Theory]
    [InlineData("a\u007F")] // C.2.1
    [InlineData("ä\u0085")] // C.2.2
    [InlineData("\u2028")] // C.2.2
    [InlineData("\uE000")] // C.3
    [InlineData("\uFDD0")] // C.4
    [InlineData("\U0001FFFE")] // C.4
    [InlineData("\uFFFD")] // C.6
    [InlineData("\u2FF0")] // C.7
    [InlineData("ä\u202E")] // C.8
    [InlineData("\U000E0041")] // C.9
    [InlineData("\u05D0a\u05D1")] // both directions
    [InlineData("1\u05D0")] // does not begin with a letter of its direction
    public void ProhibitedTextIsNone(string text)
    {
        Assert.Null(SaslPrep.Prepare(text));
        Assert.Equal(text, SaslPrep.PrepareOrKeep(text));
    }

    [Fact]
    public void HalfACharacterIsNone() => Assert.Null(SaslPrep.Prepare($"a{(char)0xD800}")); // C.5

    [Fact]
    public void PasswordThatIsNoTextStays()
    {
        byte[] noText = [0xC3, 0x28, 0x00];
        Assert.Equal(noText, SaslPrep.PrepareOrKeep(noText));
        Assert.Equal("IX"u8.ToArray(), SaslPrep.PrepareOrKeep(Encoding.UTF8.GetBytes("I\u00ADX")));
    }
}
