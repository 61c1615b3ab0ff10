using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>A batch while it goes into the queues: collects what the journal, the gateway and the sessions' owners have to know of it.</summary>
internal sealed class QueuedBatch(QueueBatch batch, long now)
{
    private readonly List<QueuedMessage> _messages = [];
    private readonly List<StoredMessage> _stored = [];
    private StoredMessage? _message;

    public QueueBatch Batch => batch;

    public long Now => now;

    /// <summary>The numbers for the reply.</summary>
    public List<long> Numbers { get; } = [];

    public List<MessageOrigin> Origins { get; } = [];

    /// <summary>The queues that the entry's message went into.</summary>
    public List<QueuedTarget> Targets { get; } = [];

    /// <summary>Messages that went from full queues.</summary>
    public List<QueuePlace> Dropped { get; } = [];

    /// <summary>Messages that left the queues of ended sessions.</summary>
    public List<QueuePlace> Left { get; } = [];

    /// <summary>Connected sessions with something in their queue that their own gateway has not sent.</summary>
    public HashSet<(GatewayRef Gateway, string Key)> Unread { get; } = [];

    /// <summary>Messages that did not fit themselves.</summary>
    public int Refused { get; set; }

    /// <summary>The entry's message, for all of its targets.</summary>
    public StoredMessage Message => _message ?? throw new InvalidOperationException("No entry has begun.");

    public void Begin(QueueEntry entry)
    {
        Flush();
        _message = new StoredMessage(new MessageBody(entry.Message, entry.Message.Length, entry.ExpiresAt));
    }

    /// <summary>Answers an entry that is queued already.</summary>
    public void Skip(QueueEntry entry) => Numbers.AddRange(new long[entry.Targets.Length]);

    public QueueOutcome End()
    {
        Flush();
        var count = Refused + Dropped.Count;
        return new QueueOutcome(
            new Queued(now, batch.Producer, batch.Sequence, count, [.. _messages], [.. Origins], [.. Dropped, .. Left]), [.. _stored],
            new QueueReply(SessionResult.Ok, count, [.. Numbers]), Unread);
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
