namespace GrainMQ.Gateway.Protocol;

/// <summary>When a subscription is answered with retained messages (MQTT 5 §3.8.3.1).</summary>
public enum RetainHandling : byte
{
    SendAtSubscribe = 0,
    SendIfNewSubscription = 1,
    DoNotSend = 2,
}
