using Xunit;

namespace GrainMQ.Tests.Conformance.Notation;

public sealed class BytePatternTests
{
    private readonly Dictionary<string, byte[]> _variables = [];

    [Theory]
    [InlineData("C0 00", "C000")]
    [InlineData("'hi' 00", "686900")]
    [InlineData("78*3 'ab'*2", "78787861626162")]
    [InlineData("30 (<'a/b'> 'hi')", "30070003612F626869")]
    [InlineData("()", "00")]
    [InlineData("<>", "0000")]
    [InlineData("@protocol <@id>", "00044D515454050001 63")]
    public void BytesAreWhatTheNotationSays(string notation, string hex) =>
        Assert.Equal(hex.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(Encode(notation)));

    [Theory]
    [InlineData(0, "00")]
    [InlineData(127, "7F")]
    [InlineData(128, "8001")]
    [InlineData(16_383, "FF7F")]
    [InlineData(16_384, "808001")]
    public void LengthOfAGroupIsAVariableByteInteger(int length, string hex) =>
        Assert.StartsWith(hex, Convert.ToHexString(Encode($"(00*{length})")), StringComparison.Ordinal);

    [Theory]
    [InlineData(MqttVersion.V31, "03", "00064D514973647003")]
    [InlineData(MqttVersion.V311, "03", "00044D51545404")]
    [InlineData(MqttVersion.V5, "05", "00044D51545405")]
    public void VersionsHaveTheirOwnBytes(MqttVersion version, string either, string protocol)
    {
        Assert.Equal(either, Convert.ToHexString(BytePattern.Parse("[03] {05}", version).Encode(_variables)));
        Assert.Equal(protocol, Convert.ToHexString(BytePattern.Parse("@protocol", version).Encode(_variables)));
    }

    [Theory]
    [InlineData("20 (00 00 (*))", "20020000", false)]
    [InlineData("20 (00 00 (*))", "2003000000", true)]
    [InlineData("20 (00 00 (*))", "20050000022100", true)]
    [InlineData("20 (00 00 (*))", "20050000032100", false)]
    [InlineData("E0 (81|82 *)", "E00182", true)]
    [InlineData("E0 (81|82 *)", "E00183", false)]
    [InlineData("40 (00 01 ok)", "40020001", true)]
    [InlineData("40 (00 01 ok)", "4003000110", true)]
    [InlineData("40 (00 01 ok)", "4003000187", false)]
    [InlineData("30 (<??> 'x')", "300400014178", true)]
    [InlineData("30 (<??> 'x')", "300400014179", false)]
    [InlineData("D0 ()", "D08000", false)]
    [InlineData("D0 ()", "D00000", false)]
    public void WildcardsStayInsideTheirGroup(string notation, string hex, bool matches) =>
        Assert.Equal(matches, Parse(notation).Mismatch(Convert.FromHexString(hex), _variables) is null);

    [Fact]
    public void AVariableKeepsItsFirstValue()
    {
        Assert.Null(Parse("32 (<'a'> $p <$id*>)").Mismatch([0x32, 9, 0, 1, 0x61, 0, 7, 0, 2, 0x68, 0x69], _variables));
        Assert.Equal([0x40, 4, 0, 7, 0x68, 0x69], Encode("40 ($p $id*)"));
        Assert.NotNull(Parse("40 ($p)").Mismatch([0x40, 2, 0, 8], _variables));
    }

    [Theory]
    [InlineData("3")]
    [InlineData("zz")]
    [InlineData("(00")]
    [InlineData("00)")]
    [InlineData("'open")]
    [InlineData("$")]
    public void WrongNotationIsRefused(string notation) => Assert.Throws<FormatException>(() => Parse(notation));

    [Theory]
    [InlineData("??")]
    [InlineData("*")]
    [InlineData("ok")]
    [InlineData("81|82")]
    [InlineData("$unknown")]
    public void WhatHasNoBytesCannotBeSent(string notation) => Assert.Throws<FormatException>(() => Encode(notation));

    private static BytePattern Parse(string notation) => BytePattern.Parse(notation, MqttVersion.V5);

    private byte[] Encode(string notation) => Parse(notation).Encode(_variables);
}
