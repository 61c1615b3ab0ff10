namespace GrainMQ.Gateway.Routing;

/// <summary>How a Shared Subscription chooses the one member that a message goes to (MQTT 5 §4.8.2 leaves it to the server).</summary>
public enum ShareStrategy : byte
{
    /// <summary>One after the other.</summary>
    RoundRobin,

    /// <summary>Any, with equal chance.</summary>
    Random,

    /// <summary>A publisher's messages stay with the member that got its first one, for as long as that member is available.</summary>
    Sticky,

    /// <summary>By the publisher's Client Identifier: the same publisher, the same member, until the members change.</summary>
    HashClientId,

    /// <summary>By the Topic Name: the same topic, the same member, until the members change.</summary>
    HashTopic,
}
