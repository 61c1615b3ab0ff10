using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Retained;

namespace GrainMQ.Grains.Backup;

/// <summary>The shards that an import fills.</summary>
internal sealed class ImportShards(StoreTarget[] stores, RetainTarget[] retained)
{
    private readonly Dictionary<string, ImportedFile> _keys = [];

    public StoreTarget[] Stores => stores;

    public RetainTarget[] Retained => retained;

    /// <summary>False: an earlier file has the session.</summary>
    /// <exception cref="InvalidDataException">This file has it already.</exception>
    public bool TryAddKey(string key, ImportedFile file)
    {
        if (_keys.TryAdd(key, file))
        {
            return true;
        }

        return _keys[key] != file ? false : throw new InvalidDataException($"session '{key}' is there twice");
    }

    public void Add(DueWill will) => stores[StoreShard.Of(will.Key, stores.Length)].Add(will);

    public void Add(string tenant, RetainEntry entry) => retained[RetainShard.Of(tenant, entry.Topic, retained.Length)].Add(tenant, entry);

    public async ValueTask WriteAsync()
    {
        foreach (var store in stores)
        {
            await store.WriteAsync();
        }
    }
}

/// <summary>A retain shard that is imported, as the broker will hold it.</summary>
internal sealed class RetainTarget(IShardJournal<RetainSnapshot, RetainChange> journal, RetainShardState shard, ImportLimits limits)
{
    /// <summary>An earlier file's message of the topic stays.</summary>
    /// <exception cref="ExportException">It is more than the broker would keep.</exception>
    public void Add(string tenant, RetainEntry entry)
    {
        if (!shard.Tree.Contains(tenant, entry.Topic) && !shard.Tree.Set(tenant, entry))
        {
            throw limits.RetainedQuota();
        }
    }

    /// <exception cref="ExportException">The disk refused.</exception>
    public async Task FinishAsync()
    {
        if (await journal.ReplaceAsync(shard.Snapshot(), journal.Mark()) is var result and not JournalResult.Ok)
        {
            throw new ExportException(result == JournalResult.Full
                ? "The data directory cannot be written: the disk is full. Free some space, or import into another directory."
                : "The data directory cannot be written: the disk refused. Look at the system's log.");
        }
    }
}
