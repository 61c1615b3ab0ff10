namespace GrainMQ.Grains.Contracts;

/// <summary>
/// A QoS 2 publication between PUBLISH and PUBREL. The publisher's record keeps the identifier, in the same commit as the message when
/// one shard has both sessions, so that a PUBLISH sent again after a crash is not delivered again. [MQTT-4.3.3-10]
/// </summary>
/// <param name="Key">The publishing session's key.</param>
/// <param name="PacketId">The Packet Identifier of the client's PUBLISH.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.MessageOrigin")]
public sealed record MessageOrigin([property: Id(0)] string Key, [property: Id(1)] ushort PacketId);
