namespace GrainMQ.Grains.Backup;

/// <param name="Counts">What the file has.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Warnings">One line for each thing that is not in it and may have been expected.</param>
public sealed record ExportReport(ExportCounts Counts, long Bytes, IReadOnlyList<string> Warnings);
