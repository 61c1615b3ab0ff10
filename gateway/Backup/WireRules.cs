using System.Text;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Backup;

namespace GrainMQ.Gateway.Backup;

/// <summary>The rules of the wire, for what an import brings: anything else could stop the broker that reads it, or break its clients.</summary>
/// <param name="mostLevels">The most levels of topics and filters.</param>
internal sealed class WireRules(int mostLevels)
{
    /// <summary>Length of the topic, packet identifier, length of the properties.</summary>
    private const int MostAround = 2 + 2 + VariableByteInteger.MaximumLength;

    public ImportRules Rules => new(IsFilter, IsTopic, IsMessage);

    private bool IsFilter(string filter) => IsText(filter) && TopicFilter.IsValid(filter) && TopicFilter.Levels(filter) <= mostLevels + 2; // $share/NAME/

    private bool IsTopic(string topic) => IsText(topic) && IsTopic(Encoding.UTF8.GetBytes(topic));

    private bool IsTopic(ReadOnlySpan<byte> topic) => TopicName.IsValid(topic) && TopicName.Levels(topic) <= mostLevels;

    /// <summary>Writes the message as a PUBLISH and reads it as from a client.</summary>
    private bool IsMessage(byte[] bytes)
    {
        if (!Message.TryRead(bytes, out var message) || !IsTopic(message.Topic))
        {
            return false;
        }

        var body = new byte[MostAround + message.TopicLength + message.PropertiesLength];
        var written = 2;
        (body[0], body[1]) = ((byte)(message.TopicLength >> 8), (byte)message.TopicLength);
        message.Topic.CopyTo(body.AsSpan(written));
        written += message.TopicLength;
        if (message.QoS != QoS.AtMostOnce)
        {
            body[written + 1] = 1; // any identifier
            written += 2;
        }

        written += VariableByteInteger.Write(body.AsSpan(written), (uint)message.PropertiesLength);
        message.Properties.CopyTo(body.AsSpan(written));
        written += message.PropertiesLength;
        return PublishPacket.TryParse(body.AsSpan(0, written), (byte)((byte)message.QoS << 1), ProtocolVersion.Mqtt5, out var packet) == ReasonCode.Success
            && packet.ForwardedPropertiesLength == message.PropertiesLength;
    }

    private static bool IsText(string text) => Encoding.UTF8.GetByteCount(text) <= Utf8Rules.MaximumLength;
}
