using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.Retained;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Grains.Backup;

/// <summary>
/// Makes the logs of a data directory from exports. The numbers of shards may be other than those of the broker that was exported.
/// Deadlines stay what they are; a session that was connected counts as disconnected now, as it would after a crash, and the delay of its
/// will and its expiry begin. Nothing counts before <see cref="FinishAsync"/> has returned.
/// </summary>
public sealed class DataImport : IDisposable
{
    private readonly ImportShards _shards;
    private readonly ImportRules _rules;
    private readonly IExportProgress _progress;
    private readonly List<ImportedFile> _files = [];
    private long _now;

    private DataImport(ImportShards shards, ImportRules rules, long now, IExportProgress progress) =>
        (_shards, _rules, _now, _progress) = (shards, rules, now, progress);

    /// <param name="logs">Without any logs.</param>
    /// <param name="options">Of the broker that will run on them.</param>
    /// <param name="rules">What the files must keep to.</param>
    /// <param name="time">For what begins now.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="ExportException">The logs cannot be made.</exception>
    public static async Task<DataImport> BeginAsync(
        ILogStore logs, GrainOptions options, ImportRules rules, TimeProvider time, IExportProgress progress)
    {
        var (now, limits) = (time.GetUtcNow().ToUnixTimeMilliseconds(), new ImportLimits(options));
        var stores = new StoreTarget[options.StoreShards];
        for (var shard = 0; shard < stores.Length; shard++)
        {
            var opening = await logs.OpenAsync(ExportSource.StoreLog(shard), now);
            stores[shard] = new StoreTarget(opening.Log ?? throw NotMade(opening.Fault?.ToString()), limits, now);
        }
        var retained = new RetainTarget[options.RetainShards];
        for (var shard = 0; shard < retained.Length; shard++)
        {
            var state = new RetainShardState(options);
            var opening = await new LogJournalStore<RetainSnapshot, RetainChange>(logs, new RetainCodec()).OpenAsync(shard, now, state);
            retained[shard] = new RetainTarget(opening.Journal ?? throw NotMade(opening.Fault), state, limits);
        }
        return new DataImport(new ImportShards(stores, retained), rules, now, progress);
    }

    /// <summary>Looks whether a file begins like an export, before anything is made for it.</summary>
    /// <exception cref="ExportException">It does not.</exception>
    public static void Check(IDisk disk, string file) => ImportedFile.Open(disk, file).Dispose();

    /// <summary>Adds an export. A session or a retained topic that an export before it has stays as it is.</summary>
    /// <returns>What the file has.</returns>
    /// <exception cref="ExportException">The file cannot be used, or the disk refused.</exception>
    public async Task<ExportCounts> AddAsync(IDisk disk, string file)
    {
        var imported = new ImportedFile(disk, file, _shards, _rules);
        _files.Add(imported);
        _now = Math.Max(_now, imported.Created); // the exported broker's clock may be ahead, and its deadlines with it
        return await imported.ReadAsync(_progress);
    }

    /// <summary>Everything is stored for good when it returns.</summary>
    /// <exception cref="ExportException">The disk refused, or the limits of the broker are too low for what there is.</exception>
    public async Task FinishAsync()
    {
        _progress.Begin("Writing shards", _shards.Stores.Length + _shards.Retained.Length);
        for (var shard = 0; shard < _shards.Stores.Length; shard++)
        {
            await _shards.Stores[shard].FinishAsync(
                _files.Sum(file => file.CountOf(shard)), _files.SelectMany(file => file.SessionsOf(shard)).Select(Disconnected), _now);
            _progress.Report(shard + 1);
        }
        for (var shard = 0; shard < _shards.Retained.Length; shard++)
        {
            await _shards.Retained[shard].FinishAsync();
            _progress.Report(_shards.Stores.Length + shard + 1);
        }
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private static ExportException NotMade(string? fault) => new($"The data directory cannot be written: {fault}");

    /// <summary>With an expiry of 0 the session is over, and its will due, as soon as the broker starts. [MQTT-3.1.2-8]</summary>
    private SessionRecordSnapshot Disconnected(SessionRecordSnapshot session)
    {
        if (!session.IsAttached)
        {
            return session;
        }

        var lifetime = session.ExpirySeconds * 1000L;
        return session with
        {
            IsAttached = false,
            ExpiresAt = session.ExpirySeconds == uint.MaxValue ? long.MaxValue : _now + lifetime,
            WillDueAt = session.Will is { } will ? _now + Math.Min(will.DelaySeconds * 1000L, lifetime) : long.MaxValue,
        };
    }
}
