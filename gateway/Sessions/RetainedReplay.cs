using System.Text;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.StoreLink;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// The retained messages that one SUBSCRIBE asked for, on their way to the client in pages and at its pace: they never push live messages
/// out of the queue. Knows the topics whose new message went ahead since the subscription took effect; a later SUBSCRIBE gets that message.
/// </summary>
internal sealed class RetainedReplay(SessionPart session, Connection connection)
{
    private readonly HashSet<string> _overtaken = []; // guarded by the session's gate

    public Connection Connection { get; } = connection;

    public string ClientId => session.ClientId;

    /// <summary>Number of topics that are remembered.</summary>
    public int Overtaken => _overtaken.Count;

    public static string TopicOf(in Message message) => Encoding.UTF8.GetString(message.Topic);

    /// <summary>Inside the session's gate: a live message has become the retained one of the topic.</summary>
    public void Overtake(string topic) => _overtaken.Add(topic);

    /// <summary>Inside the session's gate: whether a page has the old message of a topic whose new one went ahead.</summary>
    public bool IsOvertaken(in Message message) => _overtaken.Count > 0 && _overtaken.Contains(TopicOf(message));

    /// <summary>Completed when so few messages wait, here or in the store, that there is room for a page, or the connection is gone.</summary>
    public Task RoomAsync() => session.RoomAsync(Connection);

    /// <inheritdoc cref="SessionPart.IsKeptThroughCrashes"/>
    public bool IsKeptThroughCrashes(in QueuedDelivery delivery) => session.IsKeptThroughCrashes(delivery);

    /// <summary>
    /// Puts a retained message behind what waits already; not subject to the live bound, since its sender waits for room. At QoS 2 it goes to
    /// the queue of a session that outlives its connection: the Packet Identifier that the client keeps until PUBREL must be known after a
    /// crash, or the next message under it would be taken for a repetition.
    /// </summary>
    public void Deliver(in QueuedDelivery delivery, Burst burst) => session.DeliverRetained(this, delivery, burst);

    /// <summary>All pages were handed over, or none will be: overtaking topics are not noted any more.</summary>
    public void End() => session.EndRetained(this);
}
