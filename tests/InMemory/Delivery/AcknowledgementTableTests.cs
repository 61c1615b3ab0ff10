using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports.Quic;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Delivery;

/// <summary>
/// Every acknowledgement in every state of the exchange that it names: the table at the end of docs/conformance.md. {3.1.1, 5} × {session that ends with its
/// connection, session that outlives it} × {connection, QUIC data stream}. MQTT 5 §4.3, §4.13.
/// </summary>
public sealed class AcknowledgementTableTests
{
    private const ushort Unknown = 77;

    private static readonly Dictionary<State, Effect[]> Table = new()
    {
        // by Ack:           PUBACK          PUBREC           refusing PUBREC  PUBCOMP         PUBREL
        [State.Unknown] = [Effect.Nothing, Effect.NotFound, Effect.Nothing, Effect.Nothing, Effect.NotFound],
        [State.QoS1Sent] = [Effect.Ended, Effect.Error, Effect.Error, Effect.Error, Effect.NotFound],
        [State.QoS2Sent] = [Effect.Error, Effect.Answer, Effect.Ended, Effect.Error, Effect.NotFound],
        [State.PubrelSent] = [Effect.Error, Effect.Answer, Effect.Nothing, Effect.Ended, Effect.NotFound],
        [State.QoS2Received] = [Effect.Nothing, Effect.NotFound, Effect.Nothing, Effect.Nothing, Effect.Answer],
    };

    public enum State { Unknown, QoS1Sent, QoS2Sent, PubrelSent, QoS2Received }

    public enum Ack { Puback, Pubrec, PubrecRefusing, Pubcomp, Pubrel }

    public enum Effect
    {
        /// <summary>No answer, and what was in flight still is.</summary>
        Nothing,

        /// <summary>No answer, and the place in flight is free.</summary>
        Ended,

        /// <summary>PUBREL after PUBREC, PUBCOMP after PUBREL.</summary>
        Answer,

        /// <summary>The same with Packet Identifier not found, which 3.1.1 cannot say.</summary>
        NotFound,

        /// <summary>The connection, or the data stream, is closed with Protocol Error.</summary>
        Error,
    }

    public static TheoryData<ProtocolVersion, bool, bool, State, Ack, Effect> Rows => new(
        from version in (ProtocolVersion[])[ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt5]
        from isKept in (bool[])[false, true]
        from onStream in (bool[])[false, true]
        from row in Table
        from ack in Enum.GetValues<Ack>()
        where version == ProtocolVersion.Mqtt5 || ack != Ack.PubrecRefusing
        select (version, isKept, onStream, row.Key, ack, row.Value[(int)ack]));

    [Theory, MemberData(nameof(Rows))]
    public async Task AcknowledgementInState(ProtocolVersion version, bool isKept, bool onStream, State state, Ack ack, Effect effect)
    {
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Delivery.MaximumInFlight = 1);
        var quic = await gateway.ConnectQuicAsync("c", version, cleanStart: !isKept, expiry: isKept && version == ProtocolVersion.Mqtt5 ? 1000 : null);
        var client = onStream ? quic.OpenStream(version) : quic.Control;
        var publisher = await gateway.ConnectAsync("p");
        await client.SubscribeAsync("t", state == State.QoS1Sent ? QoS.AtLeastOnce : QoS.ExactlyOnce);
        var packetId = await BringToAsync(state, client, publisher);
        await Stuck.CalmAsync();

        client.Send(PacketOf(ack, packetId, version));

        if (effect == Effect.Error)
        {
            await ExpectErrorAsync(quic, client, state);
            return;
        }

        if (effect is Effect.Answer or Effect.NotFound)
        {
            var answer = await client.ExpectAsync(ack == Ack.Pubrel ? PacketType.Pubcomp : PacketType.Pubrel, packetId);
            var isNotFound = effect == Effect.NotFound && version == ProtocolVersion.Mqtt5;
            Assert.Equal(isNotFound ? ReasonCode.PacketIdentifierNotFound : ReasonCode.Success, answer.Reason);
        }

        await publisher.PublishAsync("t", "next", QoS.ExactlyOnce);
        await Stuck.CalmAsync();
        if (effect == Effect.Ended || state is State.Unknown or State.QoS2Received) // nothing is in flight
        {
            await client.ExpectPublishAsync("next");
        }

        await quic.Control.NothingMoreAsync();
    }

    /// <summary>The identifier that is in the state.</summary>
    private static async Task<ushort> BringToAsync(State state, MemoryClient client, MemoryClient publisher)
    {
        if (state == State.Unknown)
        {
            return Unknown;
        }

        if (state == State.QoS2Received)
        {
            client.Send(ClientPackets.Publish("elsewhere", "m", QoS.ExactlyOnce, Unknown, version: client.Version));
            await client.ExpectAsync(PacketType.Pubrec, Unknown);
            return Unknown;
        }

        await publisher.PublishAsync("t", "m", QoS.ExactlyOnce);
        var publish = await client.ExpectPublishAsync("m", acknowledge: false);
        if (state == State.PubrelSent)
        {
            client.Send(ClientPackets.Pubrec(publish.PacketId, client.Version));
            await client.ExpectAsync(PacketType.Pubrel, publish.PacketId);
        }

        return publish.PacketId;
    }

    private static byte[] PacketOf(Ack ack, ushort packetId, ProtocolVersion version) => ack switch
    {
        Ack.Puback => ClientPackets.Puback(packetId, version),
        Ack.Pubrec => ClientPackets.Pubrec(packetId, version),
        Ack.PubrecRefusing => ClientPackets.Pubrec(packetId, version, ReasonCode.QuotaExceeded),
        Ack.Pubcomp => ClientPackets.Pubcomp(packetId, version),
        _ => ClientPackets.Pubrel(packetId, version),
    };

    private static async Task ExpectErrorAsync(MemoryQuicClient quic, MemoryClient client, State state)
    {
        if (client == quic.Control)
        {
            await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
            return;
        }

        await client.ExpectClosedAsync();
        await Stuck.UntilAsync(() => quic.StreamOf(client).IsDisposed, "the stream to be disposed");
        Assert.Equal(QuicErrorCode.ProtocolError, quic.StreamOf(client).ResetCode);
        if (state != State.PubrelSent) // the client has the message
        {
            Assert.Equal("m", (await quic.Control.ExpectAsync(PacketType.Publish)).Text); // the session goes on, and with it the delivery
        }

        await quic.Control.NothingMoreAsync();
    }
}
