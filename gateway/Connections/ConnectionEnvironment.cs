using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Connections;

/// <summary>What all connections of this gateway share.</summary>
internal sealed record ConnectionEnvironment(
    ConnectionOptions Options, OutboundOptions Outbound, TimerWheel Wheel, ReadBudgets Budgets, GatewayMetrics Metrics, IConnectionProtocol Protocol,
    ILogger<Connection> Logger);
