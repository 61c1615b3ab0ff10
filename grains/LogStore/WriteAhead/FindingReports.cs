namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>Logs and counts what is wrong with a log, each finding once: every reader that comes by finds it again.</summary>
internal sealed class FindingReports(string name, StorageContext context)
{
    private readonly HashSet<LogFinding> _reported = [];

    public void Report(LogFinding finding)
    {
        lock (_reported)
        {
            if (!_reported.Add(finding))
            {
                return;
            }
        }

        context.Metrics?.Found(name, finding);
        if (finding.Kind == LogFindingKind.CutTail)
        {
            WriteAheadLog.LogCut(context.Logger, name, finding.File, finding.Position, finding.Bytes);
        }
        else
        {
            WriteAheadLog.LogDamage(
                context.Logger, finding.Kind, finding.File, finding.Position, finding.Bytes, finding.FirstOffset, finding.NextOffset);
        }
    }
}
