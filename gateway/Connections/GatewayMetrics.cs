using System.Diagnostics.Metrics;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports;

namespace GrainMQ.Gateway.Connections;

internal enum DropReason : byte { QueueFull, Expired, PacketTooLarge, RetainQuota, SessionEnded, Refused }

/// <summary>What the gateway counts, meter <c>GrainMQ.Gateway</c>: one instrument for every bound and every end of a connection.</summary>
internal sealed class GatewayMetrics
{
    public const string MeterName = "GrainMQ.Gateway";

    private static readonly KeyValuePair<string, object?>[] DropTags =
        [.. Enum.GetNames<DropReason>().Select(reason => new KeyValuePair<string, object?>("reason", reason))];

    private static readonly KeyValuePair<string, object?>[] CauseTags =
        [.. Enum.GetNames<CloseCause>().Select(cause => new KeyValuePair<string, object?>("reason", cause))];

    private readonly Counter<long> _dropped;
    private readonly Counter<long> _closed;
    private readonly Counter<long> _nullFrames;
    private readonly Counter<long> _received;
    private readonly Counter<long> _unmatched;

    public GatewayMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        _dropped = meter.CreateCounter<long>("mqtt_messages_dropped_total", "{message}", "Messages dropped by a bound, by reason");
        _closed = meter.CreateCounter<long>("mqtt_connections_closed_total", "{connection}", "Connections ended, by reason");
        _nullFrames = meter.CreateCounter<long>("mqtt_null_outbound_frames_total", "{frame}", "Connections closed by the null frame guard");
        _received = meter.CreateCounter<long>("mqtt_publish_received_total", "{message}", "PUBLISH packets received");
        _unmatched = meter.CreateCounter<long>("mqtt_publish_unmatched_total", "{message}", "PUBLISH packets without a subscriber");
        Meter = meter;
    }

    public Meter Meter { get; }

    public void Dropped(DropReason reason) => _dropped.Add(1, DropTags[(int)reason]);

    public void Dropped(DropReason reason, int messages)
    {
        if (messages > 0)
        {
            _dropped.Add(messages, DropTags[(int)reason]);
        }
    }

    public void Closed(CloseCause cause) => _closed.Add(1, CauseTags[(int)cause]);

    public void NullFrame(TransportKind transport, ProtocolVersion version) =>
        _nullFrames.Add(1, new("transport", transport.ToString()), new("version", version.ToString()));

    public void Received(int publications, int unmatched)
    {
        _received.Add(publications);
        if (unmatched > 0)
        {
            _unmatched.Add(unmatched);
        }
    }
}
