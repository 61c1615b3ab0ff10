using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Grains.Retained;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Codec;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Grains.Backup;

/// <summary>
/// The durable state of a data directory at one moment, read by the code by which the grains read it when they start. Memory: what the
/// broker needs for the same state, which is about 100 bytes for a message that waits, and all of a retained one.
/// </summary>
internal sealed class ExportSource : IAsyncDisposable
{
    private readonly PinnedDisk _disk;
    private readonly SegmentLogStore _logs;
    private readonly DamageLog _damages = new();
    private readonly List<StoreSource> _stores = [];
    private readonly List<RetainedSource> _retained = [];

    private ExportSource(IDisk data, GrainOptions options, TimeProvider time)
    {
        Now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var (stores, retained) = (Enumerable.Range(0, options.StoreShards), Enumerable.Range(0, options.RetainShards));
        _disk = new PinnedDisk(data, stores.Select(StoreLog).Concat(retained.Select(RetainLog)));
        _logs = new SegmentLogStore(_disk, new InlineExecutor(), new LogStoreOptions { MinFreeBytes = 0 }, time, _damages);
    }

    public IReadOnlyList<StoreSource> Stores => _stores;

    public IReadOnlyList<RetainedSource> Retained => _retained;

    /// <summary>The time of the broker, in Unix milliseconds.</summary>
    public long Now { get; private set; }

    /// <summary>What cannot be read: file, place and what to do.</summary>
    public IReadOnlyList<string> Damages => _damages.Lines;

    public ExportCounts Counts => new(
        _stores.Sum(store => store.State.Sessions.Journaled().LongCount()), _stores.Sum(store => (long)store.MessageCount),
        _stores.Sum(store => (long)store.State.Wills.Count), _retained.Sum(shard => (long)shard.Tree.Count));

    public static string StoreLog(int shard) => $"{DataLogs.Store}/{shard}";

    public static string RetainLog(int shard) => $"{DataLogs.Retain}/{shard}";

    /// <exception cref="ExportException">The directory cannot be read.</exception>
    public static async Task<ExportSource> OpenAsync(IDisk data, GrainOptions options, TimeProvider time, IExportProgress progress)
    {
        ExportSource? source = null;
        try
        {
            source = new ExportSource(data, options, time);
            await source.ReadAsync(options, progress);
            return source;
        }
        catch (Exception e)
        {
            if (source is not null)
            {
                await source.DisposeAsync();
            }

            if (e is IOException or UnauthorizedAccessException)
            {
                throw new ExportException(
                    $"Data directory '{data.FullName("")}' cannot be read: {e.Message} Give this user the right to read it.", e);
            }
            throw;
        }
    }

    public ValueTask DisposeAsync() => _logs.DisposeAsync();

    private async Task ReadAsync(GrainOptions options, IExportProgress progress)
    {
        var read = 0L;
        progress.Begin("Reading the logs", _disk.Bytes);
        _disk.Read = bytes => progress.Report(Math.Min(_disk.Bytes, read += bytes)); // the end of a log is read twice
        for (var shard = 0; shard < options.StoreShards; shard++)
        {
            _stores.Add(await ReadStoreAsync(shard, options));
        }

        for (var shard = 0; shard < options.RetainShards; shard++)
        {
            _retained.Add(await ReadRetainedAsync(shard, options));
        }

        _disk.Read = _ => { };
        for (var at = 1; at < _stores.Count; at++)
        {
            _stores[at].FirstNumber = _stores[at - 1].FirstNumber + _stores[at - 1].MessageCount;
        }
    }

    private async Task<StoreSource> ReadStoreAsync(int shard, GrainOptions options)
    {
        // what the broker refused is in no log, so its limits are not needed here
        var state = new StoreShardState(new GrainOptions
        {
            MaxSessions = long.MaxValue, MaxSubscriptionsPerSession = int.MaxValue, WorkLease = options.WorkLease,
        });
        var journals = new LogJournalStore<SessionSnapshot, SessionChange>(_logs, new SessionCodec());
        var opening = await journals.OpenAsync(shard, 0, state);
        state.FireDue(Reach(opening.At));
        return new StoreSource(state, opening.Journal ?? throw Unreadable(StoreLog(shard), opening.Fault));
    }

    private async Task<RetainedSource> ReadRetainedAsync(int shard, GrainOptions options)
    {
        var state = new RetainedSource(options);
        var journals = new LogJournalStore<RetainSnapshot, RetainChange>(_logs, new RetainCodec());
        var opening = await journals.OpenAsync(shard, 0, state);
        if (opening.Journal is null)
        {
            throw Unreadable(RetainLog(shard), opening.Fault);
        }

        state.Tree.Expire(Reach(opening.At));
        return state;
    }

    /// <summary>The broker's clock goes on where its journals end, if the wall clock is behind them.</summary>
    private long Reach(long at) => Now = Math.Max(Now, at);

    private ExportException Unreadable(string log, string? fault) => new($"Log '{_disk.FullName(log)}' cannot be opened: {fault}");
}
