using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions;

/// <summary>A batch while it is put into the queues: what the journal, the gateway and the owners of the sessions have to know of it.</summary>
internal sealed class Queuing(QueueBatch batch, long now)
{
    private readonly List<QueuedMessage> _messages = [];
    private readonly List<StoredMessage> _stored = [];
    private StoredMessage? _message;

    public QueueBatch Batch => batch;

    public long Now => now;

    public List<long> Numbers { get; } = [];

    public List<MessageOrigin> Origins { get; } = [];

    public List<QueuedTarget> Targets { get; } = [];

    public List<QueuePlace> Dropped { get; } = [];

    public HashSet<(GatewayRef Gateway, string Key)> Behind { get; } = [];

    /// <summary>Messages that did not fit themselves.</summary>
    public int Refused { get; set; }

    /// <summary>The entry's message, for all of its targets.</summary>
    public StoredMessage Message => _message ?? throw new InvalidOperationException("No entry has begun.");

    public void Begin(QueueEntry entry)
    {
        Flush();
        _message = new StoredMessage(new MessageBody(entry.Message, entry.Message.Length, entry.ExpiresAt));
    }

    public void Skip(QueueEntry entry) => Numbers.AddRange(new long[entry.Targets.Length]);

    public QueueOutcome End()
    {
        Flush();
        var count = Refused + Dropped.Count;
        return new QueueOutcome(
            new Queued(now, batch.Producer, batch.Sequence, count, [.. _messages], [.. Origins], [.. Dropped]), [.. _stored],
            new QueueReply(SessionResult.Ok, count, [.. Numbers]), Behind);
    }

    private void Flush()
    {
        if (_message is not null && Targets.Count > 0)
        {
            _messages.Add(new QueuedMessage(_message.Body, [.. Targets]));
            _stored.Add(_message);
        }
        Targets.Clear();
    }
}

/// <param name="Change">For the journal.</param>
/// <param name="Messages">Those that it brings to the journal, in order.</param>
/// <param name="Reply">Once the change is committed.</param>
/// <param name="Behind">Connected sessions with something in their queue that their own gateway has not sent.</param>
internal sealed record QueueOutcome(
    Queued Change, StoredMessage[] Messages, QueueReply Reply, IReadOnlyCollection<(GatewayRef Gateway, string Key)> Behind);
