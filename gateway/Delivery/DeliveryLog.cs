using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Delivery;

/// <summary>Events 4400–4419 are shared with the logs of Sessions and StoreLink.</summary>
internal static partial class DeliveryLog
{
    [LoggerMessage(4407, LogLevel.Error, "Sending retained messages for {Filter} to {ClientId} failed; the client is disconnected so that it asks again")]
    public static partial void RetainedQueryFailed(ILogger logger, string filter, string clientId, Exception exception);
}
