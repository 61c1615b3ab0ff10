namespace GrainMQ.Grains.Backup;

/// <summary>
/// What a file must keep to, as clients must: a checksum only says that the bytes are those that were written. The rules of MQTT are the gateway's; here
/// they are asked for, so that there is one of each.
/// </summary>
/// <param name="IsFilter">Whether a text is a Topic Filter that a client could subscribe to.</param>
/// <param name="IsTopic">Whether a text is a Topic Name that a client could publish to.</param>
/// <param name="IsMessage">Whether bytes are a message that a gateway could have made of a PUBLISH.</param>
public sealed record ImportRules(Func<string, bool> IsFilter, Func<string, bool> IsTopic, Func<byte[], bool> IsMessage);
