namespace GrainMQ.Gateway.Protocol;

/// <summary>What a <see cref="ReasonCode"/> becomes where the receiver's protocol version knows fewer of them.</summary>
public static class ReasonCodes
{
    /// <summary>The code that SUBACK of MQTT 3.1.1 has for every failure (3.1.1 §3.9.3).</summary>
    public const byte SubackFailure = 0x80;

    /// <summary>True for 0x80 and above: the operation failed (MQTT 5 §2.4).</summary>
    public static bool IsError(this ReasonCode reason) => reason >= ReasonCode.UnspecifiedError;

    /// <summary>Translates a code into the Connect Return code of MQTT 3.1 and 3.1.1 (3.1.1 table 3.1).</summary>
    /// <returns>
    /// False where no return code applies; the connection is then closed without CONNACK. 3.1.1 [MQTT-3.2.2-6]
    /// </returns>
    public static bool TryToConnectReturnCode(this ReasonCode reason, out byte returnCode)
    {
        returnCode = reason switch
        {
            ReasonCode.Success => 0x00,
            ReasonCode.UnsupportedProtocolVersion => 0x01,
            ReasonCode.ClientIdentifierNotValid => 0x02,
            ReasonCode.ServerUnavailable or ReasonCode.ServerBusy or ReasonCode.ServerShuttingDown or ReasonCode.QuotaExceeded
                or ReasonCode.UseAnotherServer or ReasonCode.ServerMoved or ReasonCode.ConnectionRateExceeded
                or ReasonCode.UnspecifiedError or ReasonCode.ImplementationSpecificError => 0x03,
            ReasonCode.BadUserNameOrPassword or ReasonCode.BadAuthenticationMethod => 0x04,
            ReasonCode.NotAuthorized or ReasonCode.Banned => 0x05,
            _ => byte.MaxValue,
        };
        return returnCode != byte.MaxValue;
    }
}
