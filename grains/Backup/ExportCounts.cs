using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Backup;

/// <summary>What an export has; it stands at its beginning and at its end, which a file that was cut has lost.</summary>
/// <param name="Sessions">Sessions, with their subscriptions and queues.</param>
/// <param name="Messages">Messages that wait in queues, each counted once.</param>
/// <param name="Wills">Wills that are due and not published.</param>
/// <param name="Retained">Retained messages.</param>
public sealed record ExportCounts(long Sessions, long Messages, long Wills, long Retained)
{
    public static ExportCounts None { get; } = new(0, 0, 0, 0);

    public static ExportCounts operator +(ExportCounts left, ExportCounts right) => new(
        left.Sessions + right.Sessions, left.Messages + right.Messages, left.Wills + right.Wills, left.Retained + right.Retained);

    internal static void Write(RecordWriter to, ExportCounts counts)
    {
        to.Number((ulong)counts.Sessions);
        to.Number((ulong)counts.Messages);
        to.Number((ulong)counts.Wills);
        to.Number((ulong)counts.Retained);
    }

    internal static ExportCounts Read(ref RecordReader from) =>
        new((long)from.Number(), (long)from.Number(), (long)from.Number(), (long)from.Number());
}
