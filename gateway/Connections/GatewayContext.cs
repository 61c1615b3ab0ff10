using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.Sessions;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Connections;

/// <summary>What every connection of this gateway shares.</summary>
internal sealed record GatewayContext(
    GatewayOptions Options,
    TimerWheel Wheel,
    MemoryGuard Memory,
    GatewayMetrics Metrics,
    SessionTable Sessions,
    SubscriptionIndex Subscriptions,
    Publisher Publisher,
    RetainedMessages Retained,
    SessionCloser Closer,
    ILogger<Connection> Logger);
