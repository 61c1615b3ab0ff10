using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Testing;

/// <summary>The Will Message that <see cref="ClientPackets.Connect"/> writes.</summary>
public sealed record ClientWill(
    string Topic,
    byte[] Payload,
    QoS QoS = QoS.AtMostOnce,
    bool Retain = false,
    PropertyList? Properties = null);
