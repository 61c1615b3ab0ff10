using System.Text;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.StoreLink;

namespace GrainMQ.Gateway.Sessions;

/// <summary>Retained messages come in pages and at the client's pace: they never push live messages out of the queue.</summary>
internal sealed partial class Session
{
    /// <summary>Beyond so many of all senders the newest are not remembered: the price is a stale message on a topic that changed meanwhile.</summary>
    private const int MostOvertaken = 100_000;

    private TaskCompletionSource? _drained;
    private int _drainedBelow;
    private List<HashSet<string>>? _overtaken;

    private long Ahead => _backlog.Count + _newest - _taken;

    /// <summary>Completed when all retained messages asked for so far were handed over; never fails. Changed by the connection's reader only.</summary>
    public Task RetainedSent { get; set; } = Task.CompletedTask;

    /// <summary>
    /// Call before a subscription takes effect: from here until <see cref="EndRetained"/> a message that becomes the retained one of its
    /// topic goes ahead of the page that may still bring its predecessor, so that page leaves the topic out. The result collects these
    /// topics for this subscription alone; one that is made later gets the new message.
    /// </summary>
    public HashSet<string> BeginRetained()
    {
        lock (_gate)
        {
            var overtaken = new HashSet<string>();
            (_overtaken ??= []).Add(overtaken);
            return overtaken;
        }
    }

    public void EndRetained(HashSet<string> overtaken)
    {
        lock (_gate)
        {
            _overtaken?.Remove(overtaken);
            _overtaken = _overtaken is { Count: > 0 } ? _overtaken : null;
        }
    }

    /// <summary>
    /// Puts a retained message behind what waits already; not subject to the live bound, since its sender waits for room. At QoS 2 it goes to
    /// the queue of a session that outlives its connection: the packet identifier that the client keeps until PUBREL must be known after a
    /// crash, or the next message under it would be taken for a repetition.
    /// </summary>
    public void DeliverRetained(Connection connection, in QueuedDelivery delivery, HashSet<string> overtaken, Burst burst)
    {
        lock (_gate)
        {
            if (_connection != connection)
            {
                return; // the session went on elsewhere: retained messages are not sent again on resume
            }

            if (overtaken.Contains(TopicOf(delivery.Message)) || !Fits(connection, delivery))
            {
                return;
            }

            if (IsKeptThroughCrashes(delivery))
            {
                store.Queue(this, delivery, burst);
            }
            else
            {
                _backlog.Enqueue(delivery);
                Refill(connection);
            }
        }

        burst.Wake(connection);
    }

    public bool IsKeptThroughCrashes(in QueuedDelivery delivery) => IsDurable && main is null && delivery.QoS == QoS.ExactlyOnce;

    /// <summary>Completed when fewer messages wait than that, here or in the store, or the connection is gone.</summary>
    public Task DrainedBelowAsync(Connection connection, int messages)
    {
        lock (_gate)
        {
            if (_connection != connection || Ahead < messages)
            {
                return Task.CompletedTask;
            }

            _drainedBelow = _drained is null ? messages : Math.Min(messages, _drainedBelow);
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    /// <summary>Call inside the gate for every live delivery.</summary>
    private void NoteOvertaking(in Message message)
    {
        if (_overtaken is null || !message.Retain)
        {
            return;
        }

        var topic = TopicOf(message);
        foreach (var overtaken in _overtaken.Where(overtaken => overtaken.Count < MostOvertaken / _overtaken.Count))
        {
            overtaken.Add(topic);
        }
    }

    private static string TopicOf(in Message message) => Encoding.UTF8.GetString(message.Topic);

    /// <summary>Call inside the gate after the backlog shrank or the connection went.</summary>
    private void SignalDrained()
    {
        if (_drained is not null && (_connection is null || Ahead < _drainedBelow))
        {
            _drained.SetResult();
            _drained = null;
        }
    }
}
