using GrainMQ.Gateway.Transports;
using Xunit;

namespace GrainMQ.Tests.Unit.Transports;

public sealed class FrameHeadersTests
{
    private const int Seeds = 200;

    /// <summary>Every pair of first bytes, against the sentences of RFC 6455 §5.2 and §5.5 in another form.</summary>
    [Fact]
    public void FirstTwoBytesTellWhatIsIllegal()
    {
        byte[] opcodes = [0, 1, 2, 8, 9, 10];
        for (var first = 0; first < 256; first++)
        {
            for (var second = 0; second < 256; second++)
            {
                var opcode = (byte)(first % 16);
                var isControl = opcode >= 8;
                var isLegal = opcodes.Contains(opcode) && first / 16 is 0 or 8 && second >= 128
                    && !(isControl && (first < 128 || second - 128 > 125));

                Assert.Equal(isLegal ? -1 : 2, new FrameHeaders().FindIllegal([(byte)first, (byte)second]));
            }
        }
    }

    [Fact]
    public void IllegalFrameIsFoundBehindLegalOnesHoweverTheyAreCut()
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var random = new Random(seed);
            var bytes = Enumerable.Range(0, random.Next(1, 8)).SelectMany(_ => Frame(random)).ToArray();
            byte[] all = [.. bytes, 0x82, 0x01, 0x82, 0x00];
            var headers = new FrameHeaders();
            for (var at = 0; at < all.Length;)
            {
                var length = Math.Min(random.Next(4) == 0 ? random.Next(70_000) : random.Next(4), all.Length - at);
                var found = headers.FindIllegal(all.AsSpan(at, length));
                if (at + length < bytes.Length + 2)
                {
                    Assert.Equal(-1, found);
                }
                else
                {
                    Assert.Equal(bytes.Length + 2, at + found);
                    break;
                }

                at += length;
            }
        }
    }

    // Masked, of any length; the payload looks like headers of illegal frames.
    private static byte[] Frame(Random random)
    {
        var length = random.Next(4) switch { 0 => 0, 1 => random.Next(126), 2 => random.Next(126, 300), _ => random.Next(65_536, 66_000) };
        byte[] size = length switch
        {
            < 126 => [(byte)(0x80 | length)],
            < 65_536 => [0xFE, (byte)(length >> 8), (byte)length],
            _ => [0xFF, 0, 0, 0, 0, 0, (byte)(length >> 16), (byte)(length >> 8), (byte)length],
        };
        return [0x82, .. size, 0, 0, 0, 0, .. Enumerable.Repeat((byte)0x82, length)];
    }
}
