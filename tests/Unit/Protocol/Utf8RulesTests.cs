using System.Text;
using FsCheck.Fluent;
using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class Utf8RulesTests
{
    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("A\U0002A6D4")] // §1.5.4, the example of the specification
    [InlineData("\uFFFD\u0001\u001F\u009F\uFFFF")] // discouraged, not forbidden
    public void WellFormedTextIsValid(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Assert.True(Utf8Rules.IsValid(bytes));
        Assert.Equal(text, Utf8Rules.Decode(bytes));
    }

    [Theory]
    [InlineData(new byte[] { 0x00 })] // [MQTT-1.5.4-2]
    [InlineData(new byte[] { 0x61, 0x00, 0x62 })]
    [InlineData(new byte[] { 0xC0, 0x80 })] // U+0000 in two bytes
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })] // U+D800 [MQTT-1.5.4-1]
    [InlineData(new byte[] { 0xED, 0xBF, 0xBF })] // U+DFFF
    [InlineData(new byte[] { 0xED, 0xA0, 0x81, 0xED, 0xB0, 0x80 })] // a surrogate pair
    [InlineData(new byte[] { 0xF4, 0x90, 0x80, 0x80 })] // above U+10FFFF
    [InlineData(new byte[] { 0xC3 })] // cut short
    [InlineData(new byte[] { 0x80 })] // continues nothing
    [InlineData(new byte[] { 0xFE })]
    public void IllFormedTextAndNullAreNot(byte[] bytes) => Assert.False(Utf8Rules.IsValid(bytes));

    [Fact] // [MQTT-1.5.4-3]
    public void ZeroWidthNoBreakSpaceIsKept()
    {
        byte[] bytes = [0xEF, 0xBB, 0xBF, 0x61];
        Assert.True(Utf8Rules.IsValid(bytes));
        Assert.Equal("\uFEFFa", Utf8Rules.Decode(bytes));
    }

    [Fact]
    public void TextIsValidExactlyWhenAStrictDecoderTakesItAndItHasNoNull()
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        var pieces = Gen.Elements<byte>(
            0x00, 0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xC2, 0xE0, 0xA0, 0xED, 0x9F, 0xEF, 0xF0, 0x90, 0xF4, 0x8F, 0xFF);
        var anything = pieces.ArrayOf().ToArbitrary();
        SeededProperty.Check(20_000, Prop.ForAll(anything, bytes =>
            Utf8Rules.IsValid(bytes) == (!bytes.Contains((byte)0) && Decodes(strict, bytes))));
    }

    private static bool Decodes(UTF8Encoding strict, byte[] bytes)
    {
        try
        {
            strict.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
