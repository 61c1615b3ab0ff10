using System.Text.RegularExpressions;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>How a round failed.</summary>
internal sealed partial record CrashFailure(CrashPlan Plan, int Step, Exception Exception, string Trace)
{
    /// <summary>What went wrong, whichever client and message it was.</summary>
    public string Kind => Numbers().Replace(Exception.Message, "");

    /// <summary>Null when the round is as it should be.</summary>
    public static async Task<CrashFailure?> OfAsync(CrashPlan plan, Action<CrashRound>? ended = null)
    {
        var round = new CrashRound(plan);
        try
        {
            await round.RunAsync();
            ended?.Invoke(round);
            return null;
        }
        catch (Exception exception)
        {
            return new CrashFailure(plan, round.Step, exception, round.Trace);
        }
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();
}
