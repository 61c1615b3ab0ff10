namespace GrainMQ.Gateway.Protocol;

/// <summary>A User Property: a UTF-8 String Pair (MQTT 5 §1.5.7). The same name may appear many times; their order is kept.</summary>
public readonly record struct UserProperty(string Name, string Value);
