using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Sockets.ThirdParty;

/// <summary>One thing that every third-party client is seen to do; the name is what the scripts print.</summary>
internal sealed record Scenario(string Name, string Description, ProtocolVersion Since = ProtocolVersion.Mqtt31)
{
    public static readonly Scenario[] All =
    [
        new("qos0", "Publishes to itself at QoS 0."),
        new("qos1", "Publishes to itself at QoS 1."),
        new("qos2", "Publishes to itself at QoS 2."),
        new("retained", "A later subscriber gets the retained message, and none when it was cleared."),
        new("will", "The will is published when a client goes without DISCONNECT."),
        new("session", "A session outlives its connection: what was published meanwhile at QoS 1 and 2 arrives, in order."),
        new("shared", "Two members of a shared subscription get each message once between them."),
        new("request-response", "A request is answered on its Response Topic with its Correlation Data; on 3.1.1 on a topic known to both.", ProtocolVersion.Mqtt5),
        new("large", "200 KiB of random bytes arrive unchanged."),
        new("keep-alive", "Idle for more than three Keep Alives: every PINGREQ is answered, the connection stays."),
    ];

    public override string ToString() => Name;
}
