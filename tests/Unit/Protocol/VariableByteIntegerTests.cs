using FsCheck.Fluent;
using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

public sealed class VariableByteIntegerTests
{
    [Theory] // MQTT 5 table 1-1
    [InlineData(0, new byte[] { 0x00 })]
    [InlineData(127, new byte[] { 0x7F })]
    [InlineData(128, new byte[] { 0x80, 0x01 })]
    [InlineData(16_383, new byte[] { 0xFF, 0x7F })]
    [InlineData(16_384, new byte[] { 0x80, 0x80, 0x01 })]
    [InlineData(2_097_151, new byte[] { 0xFF, 0xFF, 0x7F })]
    [InlineData(2_097_152, new byte[] { 0x80, 0x80, 0x80, 0x01 })]
    [InlineData(268_435_455, new byte[] { 0xFF, 0xFF, 0xFF, 0x7F })]
    public void BoundaryValuesHaveTheBytesOfTheSpecification(uint value, byte[] encoded)
    {
        var buffer = new byte[4];
        Assert.Equal(encoded.Length, VariableByteInteger.Write(buffer, value));
        Assert.Equal(encoded, buffer[..encoded.Length]);
        Assert.Equal(encoded.Length, VariableByteInteger.Size(value));

        Assert.Equal(ReadStatus.Ok, VariableByteInteger.TryRead([.. encoded, 0xFF], out var read, out var length));
        Assert.Equal(value, read);
        Assert.Equal(encoded.Length, length);
    }

    [Fact]
    public void EveryValueSurvivesARoundTrip()
    {
        var values = Gen.Choose(0, VariableByteInteger.Maximum).ToArbitrary();
        SeededProperty.Check(20_000, Prop.ForAll(values, RoundTrips));
    }

    [Fact]
    public void EveryPrefixOfAnEncodingNeedsMore()
    {
        byte[] encoded = [0xFF, 0xFF, 0xFF, 0x7F];
        for (var length = 0; length < encoded.Length; length++)
        {
            Assert.Equal(ReadStatus.NeedMore, VariableByteInteger.TryRead(encoded.AsSpan(0, length), out _, out _));
        }
    }

    [Fact]
    public void AFourthByteThatContinuesIsMalformed()
    {
        var digits = Gen.Choose(0x80, 0xFF).Select(digit => (byte)digit).ArrayOf(4).ToArbitrary();
        SeededProperty.Check(100, Prop.ForAll(digits, four =>
            VariableByteInteger.TryRead(four, out _, out _) == ReadStatus.Malformed
            && VariableByteInteger.TryRead([.. four, 0x01], out _, out _) == ReadStatus.Malformed));
    }

    [Theory] // [MQTT-1.5.5-1]
    [InlineData(new byte[] { 0x80, 0x00 })]
    [InlineData(new byte[] { 0xFF, 0x00 })]
    [InlineData(new byte[] { 0x80, 0x80, 0x00 })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0x00 })]
    public void MoreBytesThanTheValueNeedsAreMalformed(byte[] encoded) =>
        Assert.Equal(ReadStatus.Malformed, VariableByteInteger.TryRead(encoded, out _, out _));

    [Fact]
    public void AValueAboveTheMaximumCannotBeWritten() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => VariableByteInteger.Write(new byte[8], VariableByteInteger.Maximum + 1u));

    private static bool RoundTrips(int value)
    {
        Span<byte> buffer = stackalloc byte[VariableByteInteger.MaximumLength];
        var written = VariableByteInteger.Write(buffer, (uint)value);
        return written == VariableByteInteger.Size((uint)value)
            && VariableByteInteger.TryRead(buffer, out var read, out var length) == ReadStatus.Ok
            && read == value
            && length == written;
    }
}
