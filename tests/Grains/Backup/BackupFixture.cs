using System.Text;
using GrainMQ.Grains;
using GrainMQ.Grains.Backup;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainMQ.Tests.Grains.Backup;

/// <summary>Exports, imports and descriptions of what is on a disk.</summary>
internal static class BackupFixture
{
    public const string File = "backup";

    /// <summary>The samples of these tests are no messages of MQTT.</summary>
    public static readonly ImportRules Anything = new(_ => true, _ => true, _ => true);

    public static GrainOptions Options(int stores = 1, int retained = 1) => new() { StoreShards = stores, RetainShards = retained };

    /// <returns>A disk with the file alone.</returns>
    public static async Task<SimulatedDisk> ExportAsync(IDisk data, GrainOptions options, TimeProvider time)
    {
        var target = new SimulatedDisk(new Random(1));
        await new DataExport(data, options, time, new NoProgress()).WriteAsync(target, File);
        return target;
    }

    /// <returns>A disk with the logs.</returns>
    public static Task<SimulatedDisk> ImportAsync(GrainOptions options, TimeProvider time, params IDisk[] files) =>
        ImportAsync(new SimulatedDisk(new Random(1)), options, time, files);

    public static async Task<SimulatedDisk> ImportAsync(SimulatedDisk target, GrainOptions options, TimeProvider time, params IDisk[] files)
    {
        await using var logs = Logs(target);
        using var import = await DataImport.BeginAsync(logs, options, Anything, time, new NoProgress());
        foreach (var file in files)
        {
            await import.AddAsync(file, File);
        }

        await import.FinishAsync();
        return target;
    }

    public static SegmentLogStore Logs(IDisk disk, long segmentBytes = 4_096) => new SegmentLogStore(
        disk, new InlineExecutor(), new LogStoreOptions { SegmentBytes = segmentBytes, MinFreeBytes = 0 }, new ManualTimeProvider(),
        NullLogger<SegmentLogStore>.Instance);

    /// <summary>What a broker would find on the disk, without what is its own affair.</summary>
    public static async Task<string> DescribeAsync(IDisk data, GrainOptions options, TimeProvider time)
    {
        await using var source = await ExportSource.OpenAsync(data, options, time, new NoProgress());
        var texts = new Dictionary<(StoreSource, long), string>();
        foreach (var store in source.Stores)
        {
            await foreach (var (message, bytes) in store.ReadAsync())
            {
                texts[(store, message.Offset)] = bytes is null ? "lost" : Sample.Text(bytes);
            }
        }

        var lines = new List<string>();
        foreach (var store in source.Stores)
        {
            lines.AddRange(store.State.Sessions.Journaled().Select(session => Describe(session, message => TextOf(message, store, texts))));
            lines.AddRange(store.State.Wills.Snapshot().Select(due => $"will {due.Will.Key} {Sample.Text(due.Will.Message)}"));
        }
        foreach (var shard in source.Retained)
        {
            lines.AddRange(shard.Tree.All().Select(message =>
                $"retained {message.Tenant} {message.Entry.Topic} {message.Entry.ExpiresAt} {Sample.Text(message.Entry.Message ?? [])}"));
        }

        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    public static string Describe(SessionRecordSnapshot session, Func<MessageRef, string> textOf)
    {
        var text = new StringBuilder();
        text.AppendJoin(' ', [
            session.Key.Split('\0')[0], session.ExpirySeconds, session.WillDueAt, session.ExpiresAt, session.LastNumber,
            session.Will is { } will ? $"{Sample.Text(will.Message)}+{will.DelaySeconds}" : "-",
            string.Join(',', session.Subscriptions.Select(subscription => subscription.ToString()).Order()),
            string.Join(',', session.InboundQos2.Order())]);
        foreach (var item in session.Items())
        {
            text.Append("\n  ").AppendJoin(' ', [
                item.Number, item.Qos, item.Retain, string.Join(',', item.SubscriptionIdentifiers), item.Stage, item.PacketId,
                item.Message.ExpiresAt, textOf(item.Message)]).Append(item.Share is null ? "" : $" {item.Share}");
        }

        return text.ToString();
    }

    private static string TextOf(MessageRef message, StoreSource store, Dictionary<(StoreSource, long), string> texts) =>
        message.Bytes is { } bytes ? Sample.Text(bytes) : texts.TryGetValue((store, message.Offset), out var text) ? text : $"unknown {store.NumberOf(message)}";
}

internal sealed class NoProgress : IExportProgress
{
    public void Begin(string step, long total)
    {
        // not shown
    }

    public void Report(long done)
    {
        // not shown
    }
}
