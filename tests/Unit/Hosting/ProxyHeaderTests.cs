using System.Net;
using System.Text;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

public sealed class ProxyHeaderTests
{
    private const string Signature = "0D0A0D0A000D0A515549540A";
    private const string Addresses4 = "C0000201" + "CB007101" + "C350" + "075B"; // 192.0.2.1:50000 to 203.0.113.1:1883
    private const string Addresses6 = "20010DB8000000000000000000000001" + "20010DB8000000000000000000000002" + "C350" + "075B";
    private static readonly string AddressesUnix = new('0', 2 * 216);

    /// <summary>A whole header and the client in it; empty where the proxy does not say.</summary>
    public static TheoryData<string, string> Whole => new()
    {
        { Text("PROXY TCP4 192.0.2.1 203.0.113.1 50000 1883\r\n"), "192.0.2.1:50000" },
        { Text("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"), "0.0.0.0:0" },
        { Text("PROXY TCP6 2001:db8::1 2001:db8::2 50000 1883\r\n"), "[2001:db8::1]:50000" },
        { Text("PROXY TCP6 2001:0DB8:0000:0000:0000:0000:0000:0001 ::ffff:203.0.113.1 1 2\r\n"), "[2001:db8::1]:1" },
        { Text("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
        { Text("PROXY UNKNOWN\r\n"), "" },
        { Text("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"), "" }, // the longest: 107
        { Signature + "21" + "11" + "000C" + Addresses4, "192.0.2.1:50000" },
        { Signature + "21" + "12" + "000C" + Addresses4, "192.0.2.1:50000" },
        { Signature + "21" + "21" + "0024" + Addresses6, "[2001:db8::1]:50000" },
        { Signature + "21" + "11" + "0011" + Addresses4 + "0400021234", "192.0.2.1:50000" }, // with a TLV
        { Signature + "21" + "31" + "00D8" + AddressesUnix, "" },
        { Signature + "21" + "00" + "0000", "" },
        { Signature + "21" + "00" + "0003" + "040000", "" },
        { Signature + "20" + "00" + "0000", "" }, // LOCAL
        { Signature + "20" + "11" + "000C" + Addresses4, "" }, // LOCAL: whatever it says
        { Signature + "20" + "FF" + "0002" + "0102", "" },
        { Signature + "21" + "11" + "0FF0" + Addresses4 + new string('0', 2 * (0x0FF0 - 12)), "192.0.2.1:50000" }, // 4,096 bytes in all
    };

    public static TheoryData<string> Malformed =>
    [
        Text("GET / HTTP/1.1\r\n"),
        Text("proxy TCP4 192.0.2.1 203.0.113.1 50000 1883\r\n"),
        Text("PROXY TCP4 192.0.2.1 203.0.113.1 50000 1883\n"),
        Text("PROXY TCP4 192.0.2.1 203.0.113.1 50000\r\n"),
        Text("PROXY TCP4 192.0.2.1 203.0.113.1 50000 1883 \r\n"),
        Text("PROXY  TCP4 192.0.2.1 203.0.113.1 50000 1883\r\n"),
        Text("PROXY TCP4 192.0.2.01 203.0.113.1 50000 1883\r\n"),
        Text("PROXY TCP4 192.0.2 203.0.113.1 50000 1883\r\n"),
        Text("PROXY TCP4 0xC0000201 203.0.113.1 50000 1883\r\n"),
        Text("PROXY TCP4 192.0.2.1 203.0.113.256 50000 1883\r\n"),
        Text("PROXY TCP4 2001:db8::1 2001:db8::2 50000 1883\r\n"),
        Text("PROXY TCP6 192.0.2.1 203.0.113.1 50000 1883\r\n"),
        Text("PROXY TCP6 [2001:db8::1] 2001:db8::2 50000 1883\r\n"),
        Text("PROXY TCP6 fe80::1%eth0 2001:db8::2 50000 1883\r\n"),
        Text("PROXY TCP4 192.0.2.1 203.0.113.1 65536 1883\r\n"),
        Text("PROXY TCP4 192.0.2.1 203.0.113.1 050000 1883\r\n"),
        Text("PROXY TCP4 192.0.2.1 203.0.113.1 50000 -1\r\n"),
        Text("PROXY TCP5 192.0.2.1 203.0.113.1 50000 1883\r\n"),
        Text("PROXY \r\n"),
        Text("PROXY UNKNOWN " + new string('x', 92) + "\r\n"), // 108 bytes
        Text("PROXY TCP4 " + new string('1', 200)),
        Signature + "11" + "11" + "000C" + Addresses4, // version 1 in the form of version 2
        Signature + "22" + "11" + "000C" + Addresses4, // no such command
        Signature + "21" + "13" + "000C" + Addresses4, // no such protocol
        Signature + "21" + "41" + "000C" + Addresses4, // no such family
        Signature + "21" + "01" + "000C" + Addresses4,
        Signature + "21" + "11" + "000B" + Addresses4, // shorter than its addresses
        Signature + "21" + "21" + "0023" + Addresses6,
        Signature + "21" + "31" + "00D7" + AddressesUnix,
        Signature + "21" + "11" + "0FF1", // 4,097 bytes are announced
        Signature + "20" + "00" + "FFFF",
        "0D0A0D0A000D0A515549540B",
        "16030100",
        "100E00044D51545405",
    ];

    [Theory, MemberData(nameof(Whole))]
    public void HeaderIsReadWhereverItIsCutAndEndsWhereItEnds(string hex, string client)
    {
        var header = Convert.FromHexString(hex);
        for (var cut = 0; cut < header.Length; cut++)
        {
            Assert.Equal(ReadStatus.NeedMore, ProxyHeader.TryRead(header.AsSpan(0, cut), out _, out var none));
            Assert.Null(none);
        }
        foreach (var following in (byte[][])[[], [0x10], [.. "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\n"u8], [.. header, 10, 13, 10]])
        {
            Assert.Equal(ReadStatus.Ok, ProxyHeader.TryRead([.. header, .. following], out var length, out var found));
            Assert.Equal(header.Length, length);
            Assert.Equal(client.Length == 0 ? null : IPEndPoint.Parse(client), found);
        }
    }

    [Theory, MemberData(nameof(Malformed))]
    public void MalformedHeaderIsRefusedAndStaysSo(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        Assert.Equal(ReadStatus.Malformed, ProxyHeader.TryRead(bytes, out _, out var client));
        Assert.Null(client);
        var refused = false;
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var status = ProxyHeader.TryRead(bytes.AsSpan(0, cut), out _, out _);
            Assert.NotEqual(ReadStatus.Ok, status);
            Assert.False(refused && status == ReadStatus.NeedMore, $"taken back at byte {cut}");
            refused |= status == ReadStatus.Malformed;
        }
    }

    [Fact]
    public void NothingBreaksIt()
    {
        var random = new Random(20261122);
        byte[][] seeds = [.. Whole.Select(row => Convert.FromHexString(row.Data.Item1)).Where(seed => seed.Length < 300)];
        for (var round = 0; round < 200_000; round++)
        {
            var bytes = seeds[random.Next(seeds.Length)].ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var status = ProxyHeader.TryRead(bytes.AsSpan(0, random.Next(bytes.Length + 1)), out var length, out _);
            if (status == ReadStatus.Ok)
            {
                Assert.InRange(length, 1, bytes.Length);
            }
        }
    }

    private static string Text(string header) => Convert.ToHexString(Encoding.ASCII.GetBytes(header));
}
