using GrainMQ.Gateway.Logging;
using GrainMQ.Silo.Hosting;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

public sealed class LogTests
{
    [Fact]
    public void OneEventIsOneLineWhateverAClientCallsItself()
    {
        var output = new StringWriter();
        var entry = new LogEntry<string>(
            LogLevel.Warning, "GrainMQ.Gateway.Connections.Connection", new(4310), "evil\n2026 INF\u001b[2J\u2028", new InvalidOperationException("a\nb"),
            (state, _) => state);

        new TextLogFormatter().Write(entry, null, output);

        var line = output.ToString();
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WRN 4310 Connection evil\\u000a2026 INF\\u001b\[2J\\u2028 \| System\.Inv.*a\\u000ab", line);
        Assert.Equal(line.Length - 1, line.IndexOf('\n'));
    }

    [Fact]
    public void WhatIsTriedAgainIsOneLinePerInterval()
    {
        var time = new ManualTimeProvider();
        var lines = new LogInterval(time, TimeSpan.FromSeconds(10));

        Assert.True(lines.TryTake());
        Assert.False(lines.TryTake());
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(lines.TryTake());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(lines.TryTake());
    }
}
