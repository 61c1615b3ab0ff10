using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Changes;

namespace GrainMQ.Grains.Sessions.Codec;

/// <summary>Writes a <see cref="SessionChange"/> as it stands in a journal: its kind, its time, its fields.</summary>
internal static class ChangeWriter
{
    public static void Write(SessionChange change, RecordWriter to)
    {
        to.Byte((byte)KindOf(change));
        to.Signed(change.At);
        switch (change)
        {
            case Attached attached: Write(attached, to); break;
            case Applied applied: Write(applied, to); break;
            case Detached detached: Write(detached, to); break;
            case Queued queued: Write(queued, to); break;
            case Reported reported: Write(reported, to); break;
            case Reattached reattached: Write(reattached, to); break;
            case Preset preset: Write(preset, to); break;
            case GatewayLost lost: ContractFields.Gateway(to, lost.Gateway); break;
            case WillsCompleted completed: to.List(completed.Ids, ContractFields.Long); break;
            case WillsLeased leased: Write(leased, to); break;
            case Moved moved: to.List(moved.Messages, Write); break;
        }
    }

    private static ChangeKind KindOf(SessionChange change) => change switch
    {
        Attached attached => attached.SetsWillOff ? ChangeKind.AttachedAndWillSetOff : ChangeKind.Attached,
        Applied => ChangeKind.Applied,
        Detached => ChangeKind.Detached,
        Queued => ChangeKind.Queued,
        Reported => ChangeKind.Reported,
        Reattached => ChangeKind.Reattached,
        Preset => ChangeKind.Preset,
        GatewayLost => ChangeKind.GatewayLost,
        WillsCompleted => ChangeKind.WillsCompleted,
        WillsLeased => ChangeKind.WillsLeased,
        Moved => ChangeKind.Moved,
        Ticked => ChangeKind.Ticked,
        _ => throw new ArgumentException($"{change.GetType().Name} has no form in a journal.", nameof(change)),
    };

    private static void Write(Attached change, RecordWriter to)
    {
        to.Text(change.Key);
        to.Number(change.Epoch);
        ContractFields.Gateway(to, change.Request.Gateway);
        to.Signed(change.Request.ConnectionId);
        to.Flag(change.Request.CleanStart);
        to.Number(change.Request.ExpirySeconds);
        to.Maybe(change.Request.Will, ContractFields.Will);
    }

    private static void Write(Applied change, RecordWriter to)
    {
        to.Text(change.Delta.Key);
        to.Number(change.Delta.Epoch);
        to.List(change.Delta.Added, ContractFields.Subscription);
        to.List(change.Delta.Removed, ContractFields.Text);
    }

    private static void Write(Detached change, RecordWriter to)
    {
        to.Text(change.Key);
        to.Number(change.Epoch);
        to.Number(change.ExpirySeconds);
        to.Byte((byte)change.Will);
        to.List(change.Done, ContractFields.Long);
        to.List(change.Begun, ContractFields.Started);
        to.List(change.Handed, Write);
        to.List(change.InboundQos2, ContractFields.PacketId);
        to.List(change.Dropped, ContractFields.Long);
    }

    private static void Write(RecordWriter to, MovedMessage moved)
    {
        to.Text(moved.Key);
        to.Signed(moved.Number);
        to.Signed(moved.From);
    }

    /// <summary>The message itself is a record of its own.</summary>
    private static void Write(RecordWriter to, HandedMessage handed)
    {
        to.Signed(handed.Number);
        to.Byte((byte)(ContractFields.Flags(handed.Qos, handed.Retain, handed.SubscriptionIdentifiers) | ((byte)handed.Stage << 4)));
        to.Number(handed.PacketId);
        if (handed.SubscriptionIdentifiers.Length > 0)
        {
            to.List(handed.SubscriptionIdentifiers, ContractFields.Identifier);
        }
    }

    /// <summary>Each key stands once, however many messages of the batch are for its session.</summary>
    private static void Write(Queued change, RecordWriter to)
    {
        ContractFields.Gateway(to, change.Producer);
        to.Signed(change.Sequence);
        to.Count(change.Count);
        var keys = new Dictionary<string, int>();
        foreach (var key in change.Messages.SelectMany(message => message.Targets).Select(target => target.Key)
            .Concat(change.Dropped.Select(place => place.Key)))
        {
            keys.TryAdd(key, keys.Count);
        }

        to.List(keys.Keys, ContractFields.Text);
        to.Count(change.Messages.Length);
        foreach (var message in change.Messages)
        {
            to.Count(message.Targets.Length);
            foreach (var target in message.Targets)
            {
                Write(target, keys[target.Key], to);
            }
        }
        to.List(change.Origins, ContractFields.Origin);
        to.Count(change.Dropped.Length);
        foreach (var (key, number) in change.Dropped)
        {
            to.Count(keys[key]);
            to.Signed(number);
        }
    }

    private static void Write(in QueuedTarget target, int key, RecordWriter to)
    {
        to.Count(key);
        to.Signed(target.Number);
        var flags = ContractFields.Flags(target.Qos, target.Retain, target.SubscriptionIdentifiers);
        to.Byte((byte)(flags | (target.Share is null ? 0 : ContractFields.HasShare)));
        if (target.SubscriptionIdentifiers.Length > 0)
        {
            to.List(target.SubscriptionIdentifiers, ContractFields.Identifier);
        }

        if (target.Share is { } share)
        {
            to.Text(share);
        }
    }

    private static void Write(Reported change, RecordWriter to)
    {
        ContractFields.Gateway(to, change.Batch.Gateway);
        to.Signed(change.Batch.Sequence);
        to.List(change.Batch.Sessions, ContractFields.Progress);
    }

    private static void Write(Reattached change, RecordWriter to)
    {
        ContractFields.Gateway(to, change.Batch.Gateway);
        to.List(change.Batch.Sessions, ContractFields.Reattached);
    }

    private static void Write(Preset change, RecordWriter to)
    {
        to.Text(change.Key);
        to.Number(change.Epoch);
        to.Number(change.Request.ExpirySeconds);
        to.List(change.Request.Subscriptions, ContractFields.Subscription);
    }

    private static void Write(WillsLeased change, RecordWriter to)
    {
        ContractFields.Gateway(to, change.Gateway);
        to.List(change.Ids, ContractFields.Long);
    }
}
