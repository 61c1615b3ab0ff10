using GrainMQ.Gateway.Sessions;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

/// <summary>The store learns of every delivery that ended, once a report was noted.</summary>
public sealed class EndedDeliveriesTests
{
    private EndedDeliveries _ended;

    [Fact]
    public void FirstOneAsksForAReport()
    {
        Assert.True(_ended.Add(2));
        Assert.False(_ended.Add(1));
        Assert.Equal([1, 2], _ended.BeginReport());
        Assert.True(_ended.IsEmpty);
        Assert.True(_ended.Add(3));
    }

    [Fact]
    public void NotedReportIsNotMadeAgain()
    {
        _ended.Add(1);
        Assert.False(_ended.EndReport(_ended.BeginReport(), isNoted: true));
        Assert.True(_ended.IsEmpty);
        Assert.Empty(_ended.TakeAll());
    }

    [Fact]
    public void LostReportIsMadeAgainWithWhatCameSince()
    {
        _ended.Add(1);
        _ended.Add(2);
        var report = _ended.BeginReport();
        _ended.Add(3);
        _ended.Add(5);
        Assert.True(_ended.EndReport(report, isNoted: false));
        Assert.Equal([1, 3, 5, 5], _ended.BeginReport());
    }

    [Fact]
    public void EmptyReportIsNotMadeAgain() => Assert.False(_ended.EndReport(_ended.BeginReport(), isNoted: false));

    [Fact]
    public void CloseSaysWhatAReportUnderWaySays()
    {
        _ended.Add(1);
        var report = _ended.BeginReport();
        _ended.Add(3);
        Assert.Equal([1, 1, 3, 3], _ended.TakeAll());
        Assert.False(_ended.EndReport(report, isNoted: false)); // the close has said it
        Assert.True(_ended.IsEmpty);
    }
}
