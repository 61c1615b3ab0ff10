using System.Text;
using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Codec;
using GrainMQ.Grains.Sessions.Compaction;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions;

/// <summary>
/// A shard without its grain, on a disk that loses power, fills up and fails, beside a table that got exactly the changes that were
/// acknowledged.
/// </summary>
internal sealed class ShardSimulation
{
    private const long LeastFree = 6_000;
    private static readonly string[] Keys = ["t/1", "t/2", "t/3", "t/4"];
    private static readonly GrainOptions Options = new() { StoreShards = 1, OfflineQueueMaxMessages = 8 };

    private readonly Random _random;
    private readonly ShardTraffic _traffic;
    private readonly List<SessionChange> _acknowledged = [];
    private readonly StringBuilder _trace = new();
    private SimulatedDisk _disk;
    private StoreShardState _table = new(Options);
    private LogJournalStore<SessionSnapshot, SessionChange>? _journals;
    private IShardJournal<SessionSnapshot, SessionChange>? _journal;
    private ShardWriter<SessionSnapshot, SessionChange>? _writer;
    private SessionChange? _unanswered;
    private long _now = 1_000_000;

    public ShardSimulation(int seed)
    {
        _random = new Random(seed);
        _traffic = new ShardTraffic(_random, Keys, qos: 1);
        _disk = new SimulatedDisk(new Random(seed));
    }

    public string Trace => _trace.ToString();

    public Dictionary<string, int> Met { get; } = [];

    private ShardWriter<SessionSnapshot, SessionChange> Writer => _writer ?? throw new InvalidOperationException("Not open.");

    public async Task RunAsync(int steps)
    {
        await StartAsync();
        for (var step = 0; step < steps; step++)
        {
            try
            {
                if (_random.Next(12) == 0)
                {
                    _disk.OperationsLeft = _random.Next(1, 12);
                }

                await StepAsync(_traffic.Key());
            }
            catch (PowerLossException)
            {
                await RestartAsync("power cut", _disk.PowerCut());
            }
        }
        await RestartAsync("kill", _disk.Kill());
    }

    private async Task StepAsync(string key)
    {
        _now += _random.Next(50);
        _table.FireDue(_now);
        switch (_random.Next(18))
        {
            case < 2:
                await AttachAsync(key);
                break;
            case < 4:
                await DetachAsync(key);
                break;
            case < 9:
                await QueueAsync();
                break;
            case < 12:
                await ReportAsync(key);
                break;
            case 12:
                await SnapshotAsync();
                break;
            case 16:
                await CompactAsync();
                break;
            case 17:
                await HandOverAsync();
                break;
            case 13:
                await RestartAsync("kill", _disk.Kill());
                break;
            case 14:
                Squeeze();
                break;
            default:
                FailOnce();
                break;
        }
    }

    private async Task AttachAsync(string key)
    {
        if (_table.Sessions.Find(key) is null && !await Writer.HasSpaceAsync())
        {
            return;
        }

        var will = _random.Next(3) == 0 ? $"will {_traffic.Next()}" : null;
        var request = Sample.Open(_random.Next(2) == 0 ? Sample.A : Sample.B, _traffic.Next(), _random.Next(5) == 0, uint.MaxValue, will);
        var epoch = _table.Sessions.NextEpoch(_now);
        var reply = _table.Attachment.Attach(key, request, epoch, _now);
        if (reply.Result == SessionResult.Ok)
        {
            await CommitAsync(new Attached(_now, key, request, epoch, reply.DueWill is not null), []);
        }
    }

    private async Task DetachAsync(string key)
    {
        if (_table.Sessions.Info(key).Owner is not { } owner)
        {
            return;
        }

        var numbers = ShardTraffic.Numbers(_table, key, owner.Epoch, _now);
        PendingMessage[] pending = [
            .. numbers.Take(_random.Next(3)).Select(number => Sample.Pending("", 2, (PendingStage)_random.Next(3), id: 3) with { Sequence = number }),
            .. Enumerable.Range(0, _random.Next(3)).Select(_ => Sample.Pending($"handed {_traffic.Next()}"))];
        var request = Sample.Close(uint.MaxValue, pending: pending, qos2: [4]) with { Done = [.. numbers.TakeLast(1).SelectMany(ShardTraffic.Pair)] };
        _table.Detachment.Detach(key, owner.Epoch, request, _now, out var done);
        await CommitAsync(done!.Change, done.Messages); // the owner has the session
    }

    private async Task QueueAsync()
    {
        if (!await Writer.HasSpaceAsync())
        {
            return;
        }

        var outcome = _table.Intake.Enqueue(_traffic.Batch(_now), _now);
        await CommitAsync(outcome.Change, outcome.Messages);
    }

    private async Task ReportAsync(string key)
    {
        if (_traffic.Report(_table, key, _now) is not { } batch)
        {
            return;
        }

        _table.Progress.Note(batch);
        await CommitAsync(new Reported(_now, batch), []);
    }

    private async Task HandOverAsync()
    {
        if (!await Writer.HasSpaceAsync() || _traffic.HandOver(_table, _now) is not var (moved, gone))
        {
            return;
        }

        Count("handed over");
        var writer = Writer;
        var outcome = _table.Intake.Enqueue(moved, _now);
        await CommitAsync(outcome.Change, outcome.Messages);
        if (Writer == writer && _table.Progress.Note(gone).Length == 0)
        {
            await CommitAsync(new Reported(_now, gone), []);
        }
    }

    private async Task SnapshotAsync()
    {
        var journal = _journal ?? throw new InvalidOperationException("Not open.");
        var snapshot = _table.Snapshot();
        var result = await journal.ReplaceAsync(snapshot, journal.Mark());
        Count(result == JournalResult.Ok ? "snapshot" : "no snapshot");
        if (result == JournalResult.Ok && _disk.Files().Count(file => file.EndsWith(".segment", StringComparison.Ordinal)) > 1)
        {
            Count("kept segments");
        }

        if (result is not (JournalResult.Ok or JournalResult.Full))
        {
            await RestartAsync("failed", _disk.Kill());
        }
    }

    private async Task CompactAsync()
    {
        var compaction = new SegmentCompaction(_table, Writer, () => _now, least: 0, _random.Next(1, 10), ChangeMeanwhileAsync);
        await compaction.RunAsync();
        if (compaction.Moved > 0)
        {
            Count("compacted");
        }

        if (compaction.Freed > 0)
        {
            Count("freed");
        }

        if (Writer.IsOver)
        {
            await RestartAsync("failed", _disk.Kill());
        }
    }

    /// <summary>Between two parts others have their turn, or the activation ends.</summary>
    private async Task<bool> ChangeMeanwhileAsync(long moved)
    {
        var (writer, key) = (Writer, _traffic.Key());
        switch (_random.Next(24))
        {
            case 0:
                return false;
            case 1:
                await AttachAsync(key);
                break;
            case 2:
                await DetachAsync(key);
                break;
            case 3:
                await QueueAsync();
                break;
            case 4:
                await HandOverAsync();
                break;
            case < 6:
                await ReportAsync(key);
                break;
        }
        return Writer == writer && !writer.IsOver;
    }

    /// <summary>The disk fills up, or has room again.</summary>
    private void Squeeze()
    {
        var used = _disk.Files().Sum(file => (long)_disk.Contents(file).Length);
        _disk.Capacity = _random.Next(2) == 0 ? long.MaxValue : used + LeastFree + _random.Next(-4_000, 1_000);
    }

    private void FailOnce()
    {
        var left = _random.Next(6);
        _disk.Fault = (operation, _) =>
        {
            if (operation is not (DiskOperation.Write or DiskOperation.Flush) || left-- > 0)
            {
                return null;
            }

            _disk.Fault = (_, _) => null;
            return new IOException("The simulated disk failed.");
        };
    }

    private async Task CommitAsync(SessionChange change, StoredMessage[] messages)
    {
        _trace.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"{change}");
        _unanswered = change;
        var result = await Writer.CommitAsync(change, first =>
        {
            if (first < 0)
            {
                Count("commit by snapshot");
            }

            for (var at = 0; at < messages.Length; at++)
            {
                messages[at].Commit(first < 0 ? first : first + at);
            }
        });
        _trace.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"  {result}");
        if (result == JournalResult.Ok)
        {
            _acknowledged.Add(change);
            _unanswered = null;
            return;
        }
        if (result == JournalResult.Full)
        {
            await RestartAsync("full", null);
        }
        else
        {
            await RestartAsync("failed", _disk.Kill());
        }
    }

    private async Task StartAsync()
    {
        while (true)
        {
            _journals ??= new(
                new SegmentLogStore(
                    _disk, new InlineExecutor(), new LogStoreOptions { SegmentBytes = 4_096, MinFreeBytes = LeastFree }, new ManualTimeProvider(),
                    NullLogger<SegmentLogStore>.Instance),
                new SessionCodec());
            _table = new StoreShardState(Options);
            var opening = await _journals.OpenAsync(0, 0, _table);
            _journal = opening.Journal;
            if (_journal is not null)
            {
                break;
            }

            Count("not opened");
            (_disk, _journals) = (_disk.Kill(), null);
            _disk.Capacity = long.MaxValue;
        }
        _writer = new(_journal, _table, _ => { });
    }

    /// <param name="why">For the trace.</param>
    /// <param name="disk">What a new process finds; null: only the activation is new.</param>
    private async Task RestartAsync(string why, SimulatedDisk? disk)
    {
        Count(why);
        _trace.AppendLine(why);
        if (disk is not null)
        {
            (_disk, _journals) = (disk, null);
        }

        _disk.OperationsLeft = null;
        await StartAsync();
        var actual = await DescribeAsync(_table);
        var without = await DescribeAsync(Expected([]));
        var with = _unanswered is null ? without : await DescribeAsync(Expected([_unanswered]));
        if (actual != without && actual != with)
        {
            Assert.Equal(without, actual);
        }

        if (_unanswered is not null && actual == with && actual != without)
        {
            _acknowledged.Add(_unanswered);
        }

        _unanswered = null;
    }

    private StoreShardState Expected(IEnumerable<SessionChange> more)
    {
        var table = new StoreShardState(Options);
        foreach (var change in _acknowledged.Concat(more))
        {
            table.Apply(change);
        }

        return table;
    }

    private async Task<string> DescribeAsync(StoreShardState table)
    {
        var text = new StringBuilder();
        var snapshot = table.Snapshot();
        text.AppendJoin(' ', snapshot.Producers.Select(producer => producer.ToString()).Concat(snapshot.Reporters.Select(reporter => $"{reporter.Producer} {reporter.Sequence}")));
        foreach (var due in snapshot.Wills)
        {
            text.AppendLine().Append(string.Join(' ', [due.Will.Id, due.Will.Key, Sample.Text(due.Will.Message), due.Holder, due.LapsesAt]));
        }

        foreach (var record in snapshot.Records.OrderBy(record => record.Key, StringComparer.Ordinal))
        {
            text.AppendLine().Append(string.Join(' ', [
                record.Key, record.Epoch, record.Owner, record.IsAttached, record.ExpirySeconds, record.LastNumber, record.Opened,
                string.Join(',', record.InboundQos2.Order())]));
            foreach (var item in record.Items())
            {
                text.AppendLine().Append(string.Join(' ', [
                    " ", item.Number, item.Qos, item.Retain, string.Join(',', item.SubscriptionIdentifiers), item.Stage, item.PacketId, item.Share,
                    item.Message.ExpiresAt, await TextOfAsync(item.Message)]));
            }
        }
        return text.ToString();
    }

    private async Task<string> TextOfAsync(MessageRef message)
    {
        var bytes = new[] { message.Bytes };
        if (message.Bytes is null)
        {
            Assert.Equal(JournalResult.Ok, await Writer.ReadAsync([message.Offset], bytes));
        }

        return bytes[0] is { } read ? Sample.Text(read) : "lost";
    }

    private void Count(string what) => Met[what] = Met.GetValueOrDefault(what) + 1;
}
