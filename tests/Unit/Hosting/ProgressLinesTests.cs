using GrainMQ.Gateway.Backup;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

public sealed class ProgressLinesTests
{
    [Fact]
    public void AStepIsALineAndALongOneALineEveryFiveSeconds()
    {
        var time = new ManualTimeProvider();
        using var output = new StringWriter { NewLine = "\n" };
        var lines = new ProgressLines(output, time);
        lines.Begin("Reading", 200);
        for (var done = 0; done <= 200; done++)
        {
            lines.Report(done);
            time.Advance(TimeSpan.FromMilliseconds(60));
        }
        lines.Begin("Writing", 0);
        time.Advance(TimeSpan.FromSeconds(6));
        lines.Report(0);
        Assert.Equal("Reading ...\nReading: 42 %\nReading: 84 %\nWriting ...\nWriting: 0 %\n", output.ToString());
    }
}
