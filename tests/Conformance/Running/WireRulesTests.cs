using GrainMQ.Tests.Conformance.Notation;
using Xunit;

namespace GrainMQ.Tests.Conformance.Running;

public sealed class WireRulesTests
{
    private static readonly Dictionary<string, byte[]> None = [];

    [Theory]
    [InlineData(MqttVersion.V311, "20 (01 00)")]
    [InlineData(MqttVersion.V5, "20 (00 84 (1F <'why'>))")]
    [InlineData(MqttVersion.V5, "3A (<'t'> 00 01 (0B 01 0B 02 26 <'k'> <'v'> 26 <'k'> <'v'>) 'x')")]
    [InlineData(MqttVersion.V311, "30 (<'t'> 'x')")]
    [InlineData(MqttVersion.V5, "40 (00 01 10)")]
    [InlineData(MqttVersion.V5, "62 (00 01 92 ())")]
    [InlineData(MqttVersion.V5, "90 (00 01 () 02 8F)")]
    [InlineData(MqttVersion.V311, "90 (00 01 02 80)")]
    [InlineData(MqttVersion.V311, "B0 (00 01)")]
    [InlineData(MqttVersion.V5, "D0 ()")]
    [InlineData(MqttVersion.V5, "E0 (8B)")]
    [InlineData(MqttVersion.V5, "F0 (18 (15 <'m'>))")]
    public void WhatAServerMaySendPasses(MqttVersion version, string notation) => Assert.Null(Violation(version, notation));

    [Theory]
    [InlineData(MqttVersion.V5, "D0 80 00")] // a length in two bytes
    [InlineData(MqttVersion.V5, "D1 ()")]
    [InlineData(MqttVersion.V5, "60 (00 01)")]
    [InlineData(MqttVersion.V5, "C0 ()")] // the client's
    [InlineData(MqttVersion.V311, "E0 ()")]
    [InlineData(MqttVersion.V5, "20 (02 00 ())")]
    [InlineData(MqttVersion.V5, "20 (01 84 ())")]
    [InlineData(MqttVersion.V311, "20 (00 84)")]
    [InlineData(MqttVersion.V311, "20 (00 00 00)")]
    [InlineData(MqttVersion.V5, "20 (00 00 (23 00 01))")] // Topic Alias
    [InlineData(MqttVersion.V5, "36 (<'t'> 00 01 () 'x')")]
    [InlineData(MqttVersion.V5, "38 (<'t'> () 'x')")] // DUP on QoS 0
    [InlineData(MqttVersion.V5, "30 (<'t/#'> () 'x')")]
    [InlineData(MqttVersion.V5, "30 (<C3 28> () 'x')")]
    [InlineData(MqttVersion.V5, "32 (<'t'> 00 00 () 'x')")]
    [InlineData(MqttVersion.V5, "30 (<'t'> (01 00 01 00) 'x')")]
    [InlineData(MqttVersion.V5, "40 (00 00)")]
    [InlineData(MqttVersion.V5, "40 (00 01 92)")]
    [InlineData(MqttVersion.V311, "40 (00 01 00)")]
    [InlineData(MqttVersion.V5, "90 (00 01 () 03)")]
    [InlineData(MqttVersion.V311, "90 (00 01 8F)")]
    [InlineData(MqttVersion.V311, "B0 (00 01 00)")]
    [InlineData(MqttVersion.V5, "E0 (04)")] // with will: the client's
    [InlineData(MqttVersion.V5, "E0 (8B (11 00 00 00 00))")]
    [InlineData(MqttVersion.V5, "F0 (19 (15 <'m'>))")] // Re-authenticate: the client's
    [InlineData(MqttVersion.V5, "F0 ()")]
    [InlineData(MqttVersion.V311, "F0 (18 (15 <'m'>))")]
    public void WhatNoServerMaySendIsFound(MqttVersion version, string notation) => Assert.NotNull(Violation(version, notation));

    private static string? Violation(MqttVersion version, string notation) =>
        WireRules.Violation(version, BytePattern.Parse(notation, version).Encode(None));
}
