using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>The files of a log that its manifest does not name yet, or no longer, as a crash leaves them.</summary>
/// <param name="name">Of the log.</param>
/// <param name="context">The disk.</param>
/// <param name="directory">Not changed here.</param>
/// <param name="files">Everything that is in the directory.</param>
internal sealed class Leftovers(string name, StorageContext context, LogDirectory directory, HashSet<string> files)
{
    /// <summary>Whether a segment has records: then a missing manifest is a loss.</summary>
    public bool HaveRecords => files.Any(HasRecords);

    /// <summary>Removes what the manifest does not name. A file with records that it should name stays, and is reported.</summary>
    public IEnumerable<LogFinding> Remove(Manifest manifest)
    {
        HashSet<string> named = [Manifest.FileName, .. manifest.Segments.Select(entry => entry.FileName)];
        if (manifest.Snapshot is { } snapshot)
        {
            named.Add(snapshot.FileName);
        }

        // The process before may have ended before the name of this manifest was on the disk: the one before must not come back and miss a file.
        directory.FlushNames();
        var findings = new List<LogFinding>();
        foreach (var file in files.Except(named).Where(IsOurs))
        {
            if (IsNewerThan(manifest, file))
            {
                var offset = NumberIn(file, 0);
                findings.Add(new LogFinding(LogFindingKind.UnknownFile, context.Disk.FullName($"{name}/{file}"), 0, 0, offset, offset));
            }
            else
            {
                directory.Discard(directory.Path(file));
            }
        }

        return findings;
    }

    private static bool IsOurs(string file) =>
        file is LogDirectory.NewManifest || file.EndsWith(".segment", StringComparison.Ordinal) || file.EndsWith(".snapshot", StringComparison.Ordinal);

    /// <summary>Nothing is appended to a segment before the manifest names it, so an older manifest was put in the place of the last one.</summary>
    private bool IsNewerThan(Manifest manifest, string file) =>
        (NumberIn(file, 1) > manifest.Epoch || NumberIn(file, 0) > (manifest.Segments.LastOrDefault()?.BaseOffset ?? -1)) && HasRecords(file);

    private bool HasRecords(string fileName)
    {
        if (!fileName.EndsWith(".segment", StringComparison.Ordinal))
        {
            return false;
        }

        using var file = context.Disk.Open(directory.Path(fileName), create: false);
        return file.Length > SegmentHeader.Size;
    }

    /// <summary>Reads offset or epoch, which are in the name of a segment; -1: there is none.</summary>
    private static long NumberIn(string fileName, int part) =>
        fileName.Split('-', '.') is { Length: 3 } parts && long.TryParse(parts[part], out var number) ? number : -1;
}
