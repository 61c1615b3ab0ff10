using System.Diagnostics.CodeAnalysis;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// Holds the enhanced authentication of one connection: the method that its CONNECT named, and at most one exchange at a time. While a step is
/// computed the exchange is taken out, so that a client that does not wait for the answer finds none.
/// </summary>
internal sealed class ConnectionAuthentication(string method)
{
    private readonly Lock _lock = new();
    private IAuthenticationExchange? _exchange;
    private bool _isUnderWay;

    /// <summary>Authentication Method, the same in every AUTH and in CONNACK. [MQTT-4.12.0-5]</summary>
    public string Method { get; } = method;

    /// <summary>The CONNECT that waits for the exchange; null once CONNACK was sent.</summary>
    public ConnectPacket? Connect { get; set; }

    /// <summary>False when an exchange is in progress already.</summary>
    public bool TryBegin()
    {
        lock (_lock)
        {
            var isFree = !_isUnderWay;
            _isUnderWay = true;
            return isFree;
        }
    }

    /// <summary>Takes the exchange for the client's answer; false when it was not asked for one.</summary>
    public bool TryTake([NotNullWhen(true)] out IAuthenticationExchange? exchange)
    {
        lock (_lock)
        {
            (exchange, _exchange) = (_exchange, null);
            return exchange is not null;
        }
    }

    /// <summary>Keeps the exchange for the client's next AUTH packet. Call before the client is asked for more.</summary>
    public void Await(IAuthenticationExchange exchange)
    {
        lock (_lock)
        {
            _exchange = exchange;
        }
    }

    public void End()
    {
        lock (_lock)
        {
            (_exchange, _isUnderWay) = (null, false);
        }
    }
}
