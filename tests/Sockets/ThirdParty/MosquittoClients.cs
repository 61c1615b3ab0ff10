using System.Globalization;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Sockets.ThirdParty;

/// <summary>mosquitto_pub, mosquitto_sub and mosquitto_rr with the arguments that one row of the matrix has in common.</summary>
internal sealed record MosquittoClients(SocketGateway Gateway, ProtocolVersion Version, ListenerKind Transport)
{
    /// <summary>A client identifier or topic that no other row uses.</summary>
    public string Name(string name) => $"mq-{name}-{Version.Text()}-{Transport.Text()}";

    /// <summary>A subscriber, once its subscription is made.</summary>
    public async Task<ClientProcess> SubscribeAsync(string id, params string[] arguments)
    {
        var subscriber = Start("mosquitto_sub", id, arguments);
        await Gateway.SubscribedAsync(Name(id));
        return subscriber;
    }

    /// <summary>A publisher, until every acknowledgement has come.</summary>
    /// <param name="lines">With the argument <c>-l</c>: one message each.</param>
    public async Task PublishAsync(string id, string[] arguments, params string[] lines)
    {
        await using var publisher = Start("mosquitto_pub", id, arguments, string.Concat(lines.Select(line => line + "\n")));
        await publisher.EndAsync();
    }

    public ClientProcess Start(string program, string id, string[] arguments, string input = "")
    {
        var endPoint = Gateway.EndPoint(Transport);
        string[] common =
        [
            "-h", endPoint.Address.ToString(), "-p", endPoint.Port.ToString(CultureInfo.InvariantCulture), "-i", Name(id),
            "-V", Version switch { ProtocolVersion.Mqtt31 => "mqttv31", ProtocolVersion.Mqtt311 => "mqttv311", _ => "mqttv5" },
        ];
        string[] tls = Transport == ListenerKind.Tls ? ["--cafile", Gateway.CertificatePath] : [];
        return ClientProcess.Start(program, [.. common, .. tls, .. arguments], input);
    }
}
