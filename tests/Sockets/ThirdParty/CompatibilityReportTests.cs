using Xunit;

namespace GrainMQ.Tests.Sockets.ThirdParty;

public sealed class CompatibilityReportTests
{
    [Fact]
    public void TheDocumentIsWhatTheTestsRun()
    {
        var path = Path.Combine(ThirdPartyClient.Root(), "docs", "compatibility.md");
        var report = CompatibilityReport.Write();
        if (Environment.GetEnvironmentVariable("GRAINMQ_UPDATE") == "1")
        {
            File.WriteAllText(path, report);
        }

        Assert.True(File.Exists(path) && File.ReadAllText(path) == report, "docs/compatibility.md is stale: run with GRAINMQ_UPDATE=1");
    }
}
