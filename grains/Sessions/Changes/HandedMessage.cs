using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>A message that a connection handed back; its number is new.</summary>
internal sealed record HandedMessage(
    MessageBody Body, long Number, byte Qos, bool Retain, uint[] SubscriptionIdentifiers, PendingStage Stage, ushort PacketId);
