using System.Text;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Tests.Grains;

/// <summary>Requests as gateways send them, with defaults that a test does not care about.</summary>
internal static class Sample
{
    public const string Key = "t/device";

    public static readonly GatewayRef A = new(1);
    public static readonly GatewayRef B = new(2);

    private static readonly PendingMessage[] None = [];

    public static OpenRequest Open(
        GatewayRef? gateway = null, long connection = 1, bool clean = false, uint expiry = 0, string? will = null, uint delay = 0) =>
        new(gateway ?? A, connection, clean, expiry, will is null ? null : new WillRecord(Bytes(will), delay));

    public static CloseRequest Close(
        uint expiry = 0, WillAction will = WillAction.Discard, PendingMessage[]? pending = null, ushort[]? qos2 = null, bool deactivate = false) =>
        new("test", expiry, will, pending ?? None, qos2 ?? [], deactivate);

    public static SessionDelta Subscribe(ulong epoch, params SubscriptionRecord[] subscriptions) => new(Key, epoch, subscriptions, []);

    public static SessionDelta Unsubscribe(ulong epoch, params string[] filters) => new(Key, epoch, [], filters);

    public static SubscriptionRecord Subscription(string filter, byte options = 1, uint identifier = 0) => new(filter, options, identifier);

    public static PendingMessage Pending(string text, byte qos = 1, PendingStage stage = PendingStage.Queued, long expiresAt = 0, ushort id = 0) =>
        new(Bytes(text), qos, false, [], expiresAt, stage, id);

    public static QueueBatch Batch(long sequence, params string[] messages) => Batch(A, sequence, Key, 1, messages);

    public static QueueBatch Batch(GatewayRef producer, long sequence, string key, byte qos, params string[] messages) =>
        new(producer, sequence, [.. messages.Select(text => new QueueEntry(Bytes(text), 0, [new QueueTarget(key, qos, false, [])]))]);

    public static StorePoll Poll(
        GatewayRef? gateway = null, StorePollReply? last = null, GatewayRef[]? live = null, long[]? completed = null, int wait = 0, long oldest = 0) =>
        new(gateway ?? A, last?.ShardEpoch ?? 0, last?.Version ?? 0, live, completed ?? [], wait, oldest);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    public static string[] Texts(IEnumerable<PendingMessage> messages) => [.. messages.Select(message => Text(message.Message))];

    public static string[] Texts(IEnumerable<DueWill> work) => [.. work.Select(item => Text(item.Message))];
}
