using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;

namespace GrainMQ.Grains.Backup;

/// <summary>
/// Writes the durable state of a data directory into one file: sessions, subscriptions, wills, queues, QoS 2 states, retained messages.
/// A broker may be running on the directory and notices nothing. The file has what a restart would find had that broker been killed at
/// the moment at which the export began: everything acknowledged until then. The format: docs/storage.md.
/// </summary>
/// <param name="data">The directory; is only read.</param>
/// <param name="options">Of the broker. The numbers of shards must be those of the directory.</param>
/// <param name="time">For what has expired.</param>
/// <param name="progress">Told how far it is.</param>
public sealed class DataExport(IDisk data, GrainOptions options, TimeProvider time, IExportProgress progress)
{
    /// <summary>Export what can be read of logs that are damaged, and say what is missing. Default: false, a damage is an error.</summary>
    public bool SkipsDamaged { get; init; }

    /// <param name="target">Where the file is to be.</param>
    /// <param name="file">Its name; what has that name is replaced when the new one is whole and on the disk.</param>
    /// <exception cref="ExportException">It cannot be made; nothing is left behind.</exception>
    public async Task<ExportReport> WriteAsync(IDisk target, string file)
    {
        var temporary = $"{file}.tmp";
        try
        {
            await using var source = await ReadAsync();
            var report = await WriteAsync(source, target, temporary, WarningsOf(source));
            target.Rename(temporary, file);
            target.FlushDirectory("");
            return report;
        }
        catch (Exception e)
        {
            Discard(target, temporary);
            if (e is IOException)
            {
                throw NotWritten(target, file, (IOException)e);
            }

            throw;
        }
    }

    private static ExportException NotWritten(IDisk target, string file, IOException cause) => new(
        $"'{target.FullName(file)}' cannot be written: {cause.Message.TrimEnd('.')}. "
        + (cause is DiskFullException
            ? "Free some space, or write to another disk."
            : "Name a file in a directory that this user may write to."), cause);

    private static void Discard(IDisk target, string temporary)
    {
        try
        {
            target.Delete(temporary);
        }
        catch (IOException)
        {
            // the cause is on its way to the operator; the next export replaces the file
        }
    }

    /// <summary>A writer that cuts an append back may look like a damage for a moment, so a damage is looked at twice.</summary>
    private async Task<ExportSource> ReadAsync()
    {
        var source = await ExportSource.OpenAsync(data, options, time, progress);
        if (source.Damages.Count == 0)
        {
            return source;
        }

        await source.DisposeAsync();
        return await ExportSource.OpenAsync(data, options, time, progress);
    }

    private List<string> WarningsOf(ExportSource source)
    {
        if (source.Damages.Count > 0 && !SkipsDamaged)
        {
            throw new ExportException($"{source.Damages[0]}; or export the rest with --skip-damaged.");
        }

        if (source.Retained.Sum(shard => shard.MissingFromSnapshot) is > 0 and var missing)
        {
            throw new ExportException(
                $"{missing} retained messages are more than Grains:RetainedMaxMessages and Grains:RetainedMaxBytes allow. "
                + "Give the configuration of the broker here too, with --config or --set.");
        }

        var warnings = new List<string>(source.Damages);
        if (source.Retained.Sum(shard => shard.Refused) is > 0 and var refused)
        {
            warnings.Add(
                $"{refused} retained messages were over the quota (Grains:RetainedMaxMessages, Grains:RetainedMaxBytes) and are left out. "
                + "If the broker has a larger quota, give its configuration here too, with --config or --set.");
        }

        return warnings;
    }

    private async Task<ExportReport> WriteAsync(ExportSource source, IDisk target, string temporary, List<string> warnings)
    {
        using var opened = target.Open(temporary, create: true);
        var writer = new ExportWriter(opened, source.Now);
        var counts = source.Counts;
        var records = new RecordWriter();
        Add(writer, records, ExportRecord.Begin, to => ExportCounts.Write(to, counts));
        WriteSessions(source, writer, records, counts.Sessions);
        if (await WriteMessagesAsync(source, writer, records, counts.Messages) is > 0 and var lost)
        {
            warnings.Add(SkipsDamaged ? $"{lost} messages could not be read and are left out." : throw Lost(lost));
        }

        WriteRetained(source, writer, records, counts.Retained);
        Add(writer, records, ExportRecord.End, to => ExportCounts.Write(to, counts));
        writer.Finish();
        return new ExportReport(counts, writer.Length, warnings);
    }

    private static ExportException Lost(int lost) => new(
        $"{lost} messages cannot be read: their bytes are not those that were written, the broker's log says where. "
        + "Restore the files from a backup, or export the rest with --skip-damaged.");

    private void WriteSessions(ExportSource source, ExportWriter writer, RecordWriter records, long total)
    {
        var done = 0L;
        progress.Begin("Writing sessions", total);
        foreach (var store in source.Stores)
        {
            foreach (var session in store.State.Sessions.Journaled())
            {
                Add(writer, records, ExportRecord.Session, to => ExportFields.Session(to, session, store.NumberOf));
                progress.Report(++done);
            }
        }

        foreach (var due in source.Stores.SelectMany(store => store.State.Wills.Snapshot()))
        {
            Add(writer, records, ExportRecord.Will, to => ExportFields.Will(to, due.Will));
        }
    }

    /// <returns>How many could not be read.</returns>
    private async Task<int> WriteMessagesAsync(ExportSource source, ExportWriter writer, RecordWriter records, long total)
    {
        var (done, lost) = (0L, 0);
        progress.Begin("Writing messages", total);
        foreach (var store in source.Stores)
        {
            await foreach (var (message, bytes) in store.ReadAsync())
            {
                records.Clear();
                if (message.ExpiresAt != 0)
                {
                    records.Number((ulong)message.ExpiresAt);
                }

                writer.Add(ExportRecord.Message, bytes is null ? ExportRecord.IsLost : (byte)0, records.Written, bytes);
                lost += bytes is null ? 1 : 0;
                progress.Report(++done);
            }
        }

        return lost;
    }

    private void WriteRetained(ExportSource source, ExportWriter writer, RecordWriter records, long total)
    {
        var done = 0L;
        progress.Begin("Writing retained messages", total);
        foreach (var (tenant, entry) in source.Retained.SelectMany(shard => shard.Tree.All()))
        {
            Add(writer, records, ExportRecord.Retained, to => ExportFields.Retained(to, tenant, entry));
            progress.Report(++done);
        }
    }

    private static void Add(ExportWriter writer, RecordWriter records, byte type, Action<RecordWriter> write)
    {
        records.Clear();
        write(records);
        writer.Add(type, 0, [], records.Written);
    }
}
