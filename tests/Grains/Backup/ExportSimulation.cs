using System.Globalization;
using System.Text;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Codec;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Tests.Grains.Sessions;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Xunit;

namespace GrainMQ.Tests.Grains.Backup;

/// <summary>
/// A shard without its grain that is exported in the middle of its writes: between any two operations on the disk. The import must give what
/// was acknowledged, and at the most the one change that was under way.
/// </summary>
internal sealed class ExportSimulation
{
    private static readonly string[] Keys = ["t/1", "t/2", "t/3", "t/4", "t/5"];
    private static readonly GatewayRef[] Gateways = [Sample.A, Sample.B];

    private readonly Random _random;
    private readonly ShardTraffic _traffic;
    private readonly SimulatedDisk _disk;
    private readonly ManualTimeProvider _time = new();
    private readonly List<SessionChange> _acknowledged = [];
    private readonly List<(SimulatedDisk File, int Acknowledged, SessionChange? UnderWay)> _exports = [];
    private readonly Dictionary<(int Acknowledged, SessionChange? UnderWay), string> _expected = []; // of this step: many exports see the same
    private readonly StringBuilder _trace = new();
    private readonly StoreShardState _table = new(BackupFixture.Options());
    private IShardJournal<SessionSnapshot, SessionChange>? _journal;
    private SessionChange? _underWay;
    private bool _isExporting;

    public ExportSimulation(int seed)
    {
        _random = new Random(seed);
        _traffic = new ShardTraffic(_random, Keys, qos: 2);
        _disk = new SimulatedDisk(new Random(seed));
    }

    public string Trace => _trace.ToString();

    /// <summary>Disk operations of the writer before which an export was made.</summary>
    public HashSet<DiskOperation> Met { get; } = [];

    private IShardJournal<SessionSnapshot, SessionChange> Journal => _journal ?? throw new InvalidOperationException("Not open.");

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    public async Task RunAsync(int steps)
    {
        _disk.Fault = (operation, _) => Export(operation);
        var journals = new LogJournalStore<SessionSnapshot, SessionChange>(BackupFixture.Logs(_disk), new SessionCodec());
        _journal = (await journals.OpenAsync(0, Now, _table)).Journal;
        for (var step = 0; step < steps; step++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(_random.Next(50)));
            _table.FireDue(Now);
            await StepAsync(_traffic.Key());
            foreach (var export in _exports)
            {
                await CheckAsync(export.File, export.Acknowledged, export.UnderWay);
            }

            _exports.Clear();
            _expected.Clear(); // the clock moves
        }
    }

    private async Task StepAsync(string key)
    {
        switch (_random.Next(12))
        {
            case < 2:
                await AttachAsync(key);
                break;
            case 2 when _table.Sessions.Info(key).Owner is { } owner:
                var delta = new SessionDelta(key, owner.Epoch, [Sample.Subscription($"a/{_random.Next(3)}", 2, (uint)_random.Next(3))], []);
                _table.Subscriptions.Apply(delta);
                await CommitAsync(new Applied(Now, delta), []);
                break;
            case 3 when _table.Sessions.Info(key).Owner is { } owner:
                var close = Sample.Close(uint.MaxValue, WillAction.Arm, [Sample.Pending($"handed {_traffic.Next()}")], [4]);
                _table.Detachment.Detach(key, owner.Epoch, close, Now, out var done);
                await CommitAsync(done!.Change, done.Messages); // the owner has the session
                break;
            case < 9:
                await QueueAsync();
                break;
            case < 11:
                await ReportAsync(key);
                break;
            default:
                _trace.AppendLine("snapshot");
                Assert.Equal(JournalResult.Ok, await Journal.ReplaceAsync(_table.Snapshot(), Journal.Mark()));
                break;
        }
    }

    private async Task AttachAsync(string key)
    {
        var request = Sample.Open(
            Gateways[_random.Next(2)], _traffic.Next(), _random.Next(5) == 0, _random.Next(3) switch { 0 => 0u, 1 => 60u, _ => uint.MaxValue },
            _random.Next(2) == 0 ? $"will {_traffic.Next()}" : null, (uint)_random.Next(2));
        var epoch = _table.Sessions.NextEpoch(Now);
        var reply = _table.Attachment.Attach(key, request, epoch, Now);
        if (reply.Result == SessionResult.Ok && _table.Sessions.IsJournaled(key))
        {
            await CommitAsync(new Attached(Now, key, request, epoch, reply.DueWill is not null), []);
        }
    }

    private async Task QueueAsync()
    {
        var outcome = _table.Intake.Enqueue(_traffic.Batch(Now), Now);
        await CommitAsync(outcome.Change, outcome.Messages);
    }

    private async Task ReportAsync(string key)
    {
        if (_traffic.Report(_table, key, Now) is not { } batch)
        {
            return;
        }

        _table.Progress.Note(batch);
        await CommitAsync(new Reported(Now, batch), []);
    }

    private async Task CommitAsync(SessionChange change, StoredMessage[] messages)
    {
        _trace.AppendLine(CultureInfo.InvariantCulture, $"{change}");
        _underWay = change;
        var reply = await Journal.AppendAsync(change);
        Assert.Equal(JournalResult.Ok, reply.Result);
        for (var at = 0; at < messages.Length; at++)
        {
            messages[at].Commit(reply.FirstMessage + at);
        }

        _acknowledged.Add(change);
        _underWay = null;
    }

    /// <summary>Nothing here waits for another thread, so the task is over when it is returned.</summary>
    private IOException? Export(DiskOperation operation)
    {
        if (_isExporting || _random.Next(6) > 0)
        {
            return null;
        }

        _isExporting = true;
        Met.Add(operation);
        _exports.Add((BackupFixture.ExportAsync(_disk, BackupFixture.Options(), _time).GetAwaiter().GetResult(), _acknowledged.Count, _underWay));
        _isExporting = false;
        return null;
    }

    private async Task CheckAsync(SimulatedDisk file, int acknowledged, SessionChange? underWay)
    {
        var options = BackupFixture.Options(_random.Next(1, 4));
        var imported = await BackupFixture.ImportAsync(options, _time, file);
        var actual = await BackupFixture.DescribeAsync(imported, options, _time);
        if (underWay is null || actual != await ExpectedAsync(acknowledged, underWay))
        {
            Assert.Equal(await ExpectedAsync(acknowledged, null), actual);
        }
    }

    private async Task<string> ExpectedAsync(int acknowledged, SessionChange? underWay)
    {
        if (!_expected.TryGetValue((acknowledged, underWay), out var expected))
        {
            var changes = _acknowledged.Take(acknowledged);
            _expected[(acknowledged, underWay)] = expected = await ExpectedAsync(underWay is null ? changes : changes.Append(underWay));
        }

        return expected;
    }

    /// <summary>Every connection is over.</summary>
    private async Task<string> ExpectedAsync(IEnumerable<SessionChange> changes)
    {
        var table = new StoreShardState(BackupFixture.Options());
        var disk = new SimulatedDisk(new Random(1));
        var journals = new LogJournalStore<SessionSnapshot, SessionChange>(BackupFixture.Logs(disk, 1 << 20), new SessionCodec());
        var journal = (await journals.OpenAsync(0, 0, table)).Journal ?? throw new InvalidOperationException("A new disk has room.");
        foreach (var change in changes)
        {
            await journal.AppendAsync(change);
        }

        foreach (var gateway in Gateways)
        {
            await journal.AppendAsync(new GatewayLost(Now, gateway));
        }

        return await BackupFixture.DescribeAsync(disk, BackupFixture.Options(), _time);
    }
}
