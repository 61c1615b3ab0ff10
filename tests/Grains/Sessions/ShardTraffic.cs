using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Tests.Grains.Sessions;

/// <summary>What gateways send to a shard in a simulation, drawn from its seed.</summary>
/// <param name="random">Of the simulation.</param>
/// <param name="keys">The sessions.</param>
/// <param name="qos">Of all messages.</param>
internal sealed class ShardTraffic(Random random, string[] keys, byte qos)
{
    private int _number;

    /// <summary>No two things that it draws have the same.</summary>
    public int Next() => ++_number;

    public string Key() => keys[random.Next(keys.Length)];

    /// <summary>A few messages, some of them with a time, an origin or subscription identifiers, each for some of the sessions.</summary>
    public QueueBatch Batch(long now)
    {
        var entries = Enumerable.Range(0, random.Next(1, 5)).Select(_ => new QueueEntry(
            Sample.Bytes($"m{Next()} {new string('x', random.Next(400))}"), random.Next(3) == 0 ? now + 1_000_000 : 0,
            [.. keys.Where(_ => random.Next(2) == 0).Select(key => new QueueTarget(
                key, qos, false, random.Next(3) == 0 ? [7u, 300u] : [], Share: random.Next(3) == 0 ? $"$share/g/{random.Next(3)}" : null))],
            random.Next(4) == 0 ? new MessageOrigin(Key(), (ushort)random.Next(1, 4)) : null));
        return new QueueBatch(Sample.A, Next(), [.. entries]);
    }

    /// <summary>Some deliveries of a connected session have begun, some have ended, and a packet identifier is free; null: no client is connected.</summary>
    public ProgressBatch? Report(StoreShardState table, string key, long now)
    {
        if (table.Sessions.Info(key).Owner is not { } owner)
        {
            return null;
        }

        var numbers = Numbers(table, key, owner.Epoch, now);
        var started = numbers.Where(_ => random.Next(4) == 0).Select(number => new StartedDelivery(number, 9, (PendingStage)random.Next(1, 3)));
        return new ProgressBatch(owner.Gateway, [new SessionProgress(
            key, owner.Epoch, [.. numbers.Where(_ => random.Next(3) == 0).SelectMany(Pair)], [.. started], [(ushort)random.Next(1, 4)])], Next());
    }

    /// <summary>
    /// Some of what a session that has ended left goes to other sessions of the shard, or has gone elsewhere; null: none has left anything.
    /// </summary>
    public (QueueBatch Moved, ProgressBatch Gone)? HandOver(StoreShardState table, long now)
    {
        if (table.Sessions.All.Where(record => record.IsEndedQueue).OrderBy(record => record.Key, StringComparer.Ordinal).FirstOrDefault() is not { } queue)
        {
            return null;
        }

        var items = table.Pages.Read(new QueueRead(queue.Key, queue.Epoch, 0, 10, 100_000), now, true, out _)!.Items; // it is there
        QueueEntry[] entries = [.. items.Where(_ => random.Next(2) == 0).Select(item => new QueueEntry(
            Sample.Bytes($"m{Next()}"), item.Message.ExpiresAt, [new QueueTarget(Key(), qos, false, [], Share: item.Share)],
            Source: new QueueSource(queue.Key, item.Number)))];
        long[] gone = [.. items.Where(_ => random.Next(3) == 0).SelectMany(item => Pair(item.Number))];
        return (
            new QueueBatch(Sample.A, Next(), entries), new ProgressBatch(Sample.A, [new SessionProgress(queue.Key, queue.Epoch, gone, [], [])]));
    }

    /// <summary>What the session has, as its connection with this epoch sees it.</summary>
    public static long[] Numbers(StoreShardState table, string key, ulong epoch, long now) =>
        table.Pages.Resume(key, epoch, now, true) is { } resume ? [.. resume.Front.Concat(resume.Page.Items).Select(item => item.Number)] : [];

    public static long[] Pair(long number) => [number, number];
}
