using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Xunit;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>What <see cref="CrashModelTests"/> has found, each in a schedule of its own.</summary>
public sealed class CrashTests
{
    private const string Sessions = "sessions/0", Retain = "retain/0";

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private CrashBroker _broker = NewBroker();

    private InMemoryGateway Gateway => _broker.Life.Gateway;

    [Fact]
    public async Task I5RetainedQoS2MessageIsRetainedWhenACrashComesBetweenItsQueueAndItsTopic()
    {
        await _broker.StartAsync(null);
        await SubscribeOfflineAsync("reader", "t");
        var publisher = await ConnectAsync("publisher");
        CrashAtAppendOf(Retain);
        publisher.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 7, retain: true));
        await Stuck.CalmAsync();
        await RestartAsync();
        publisher = await ConnectAsync("publisher", sessionPresent: true);
        publisher.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 7, retain: true, dup: true));
        await publisher.ExpectAsync(PacketType.Pubrec, 7);
        var witness = await Gateway.ConnectAsync("witness");
        await witness.SubscribeAsync("t");
        await witness.ExpectPublishAsync("m");
        var reader = await ConnectAsync("reader", sessionPresent: true);
        await reader.ExpectPublishAsync("m");
        await reader.NothingMoreAsync();
    }

    [Fact]
    public async Task PubrelOnADataStreamFreesNoIdentifierOfTheControlStream() // [MQTT-4.3.3-10]
    {
        await _broker.StartAsync(null);
        await SubscribeOfflineAsync("reader", "t");
        var client = await Gateway.ConnectQuicAsync("publisher", cleanStart: false, expiry: 60);
        client.Control.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 1));
        await client.Control.ExpectAsync(PacketType.Pubrec, 1);
        await client.OpenStream().PublishAsync("t", "n", QoS.ExactlyOnce); // its first identifier is 1 too
        await RestartAsync();
        var publisher = await ConnectAsync("publisher", sessionPresent: true);
        publisher.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 1, dup: true));
        await publisher.ExpectAsync(PacketType.Pubrec, 1);
        var reader = await ConnectAsync("reader", sessionPresent: true);
        await reader.ExpectPublishAsync("m");
        await reader.ExpectPublishAsync("n");
        await reader.NothingMoreAsync();
    }

    [Fact]
    public async Task RefusedQoS2MessageIsNotStored() // [MQTT-4.3.3-9]
    {
        await _broker.StartAsync(null);
        await SubscribeOfflineAsync("reader", "t");
        var publisher = await ConnectAsync("publisher");
        _broker.Life.LogFaults.Script = point => point is { Log: Sessions, Operation: "Append", IsDone: false } ? LogFaultKind.Full : LogFaultKind.None;
        publisher.Send(ClientPackets.Publish("t", "refused", QoS.ExactlyOnce, 7));
        var refusal = publisher.ExpectAsync(PacketType.Pubrec, 7);
        await Gateway.AdvanceUntilAsync(refusal, "the refusal");
        Assert.Equal(ReasonCode.QuotaExceeded, (await refusal).Reason);
        _broker.Life.LogFaults.Script = _ => LogFaultKind.None;
        publisher.Send(ClientPackets.Publish("t", "another", QoS.ExactlyOnce, 7));
        var pubrec = publisher.ExpectAsync(PacketType.Pubrec, 7);
        await Gateway.AdvanceUntilAsync(pubrec, "PUBREC");
        Assert.Equal(ReasonCode.Success, (await pubrec).Reason);
        var reader = await ConnectAsync("reader", sessionPresent: true);
        await reader.ExpectPublishAsync("another");
        await reader.NothingMoreAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt5)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public async Task QoS2MessageThatIsQueuedAndCouldNotBeRetainedIsNotRefusedAndComesOnce(ProtocolVersion version)
    {
        await _broker.StartAsync(null);
        await SubscribeOfflineAsync("reader", "t");
        var publisher = await ConnectAsync("publisher", version: version);
        _broker.Life.LogFaults.Script = point => point is { Log: Retain, Operation: "Append", IsDone: false } ? LogFaultKind.Full : LogFaultKind.None;
        for (var attempt = 0; attempt < 2; attempt++)
        {
            publisher.Send(ClientPackets.Publish("t", "1", QoS.ExactlyOnce, 7, retain: true, dup: attempt > 0, version: version));
            await Gateway.AdvanceUntilAsync(publisher.ExpectClosedAsync(), "the connection to end");
            await Gateway.GoneAsync(publisher);
            publisher = await ConnectAsync("publisher", version: version, sessionPresent: true);
        }

        _broker.Life.LogFaults.Script = _ => LogFaultKind.None;
        publisher.Send(ClientPackets.Publish("t", "1", QoS.ExactlyOnce, 7, retain: true, dup: true, version: version));
        var pubrec = publisher.ExpectAsync(PacketType.Pubrec, 7);
        await Gateway.AdvanceUntilAsync(pubrec, "PUBREC");
        var reader = await ConnectAsync("reader", sessionPresent: true);
        await reader.ExpectPublishAsync("1");
        await reader.NothingMoreAsync();
        var witness = await Gateway.ConnectAsync("witness");
        await witness.SubscribeAsync("t");
        await witness.ExpectPublishAsync("1");
    }

    [Fact]
    public async Task I11ReportThatFindsTheDiskFullHoldsNothingUpForEver()
    {
        await _broker.StartAsync(null);
        var reader = await ConnectAsync("reader");
        await reader.SubscribeAsync("t", QoS.ExactlyOnce);
        var publisher = await ConnectAsync("publisher");
        FullOnceAtAppend(afterAppends: 1); // the one after the message: its packet identifier
        publisher.Send(ClientPackets.Publish("t", "1", QoS.ExactlyOnce, 1));
        await publisher.ExpectAsync(PacketType.Pubrec, 1);
        await Stuck.CalmAsync(); // the disk has been full by now
        publisher.Send(ClientPackets.Publish("t", "2", QoS.AtLeastOnce, 2));
        var first = reader.ExpectPublishAsync("1", acknowledge: false);
        await Gateway.AdvanceUntilAsync(first, "what waits for the report");
        var second = reader.ExpectPublishAsync("2", acknowledge: false);
        await Gateway.AdvanceUntilAsync(second, "what waits behind it");
    }

    [Fact]
    public async Task I11CloseThatFindsTheDiskFullKeepsTheSession()
    {
        await _broker.StartAsync(null);
        var reader = await ConnectAsync("reader");
        await reader.SubscribeAsync("t", QoS.AtLeastOnce);
        FullOnceAtAppend(afterAppends: 0);
        reader.Drop();
        await Gateway.AdvanceUntilAsync(Gateway.GoneAsync(reader), "the close");
        await Gateway.AdvanceAsync(2 * Second);
        var publisher = await Gateway.ConnectAsync("publisher");
        Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("t", "m", QoS.AtLeastOnce));
        reader = await ConnectAsync("reader", sessionPresent: true);
        await reader.ExpectPublishAsync("m");
    }

    [Fact]
    public async Task QueueOfManyPagesComesWholeFromAProcessThatDidNotSeeItGrow()
    {
        const int Messages = 1500; // CONNECT brings a part of them
        await _broker.StartAsync(null);
        await SubscribeOfflineAsync("reader", "t");
        var publisher = await Gateway.ConnectAsync("publisher");
        for (ushort i = 1; i <= Messages; i++)
        {
            publisher.Send(ClientPackets.Publish("t", $"{i}", QoS.AtLeastOnce, i));
            await publisher.ExpectAsync(PacketType.Puback, i);
        }

        await RestartAsync();
        var reader = await ConnectAsync("reader", sessionPresent: true);
        for (var i = 1; i <= Messages; i++)
        {
            await reader.ExpectPublishAsync($"{i}");
        }

        await reader.NothingMoreAsync();
    }

    [Fact]
    public async Task I11WillWaitsForSpace()
    {
        await _broker.StartAsync(null);
        await SubscribeOfflineAsync("reader", "will");
        var client = await Gateway.ConnectAsync("c", expiry: 60, will: new ClientWill("will", "gone"u8.ToArray(), QoS.AtLeastOnce));
        var disk = _broker.Life.Disk;
        disk.Capacity = disk.Capacity - disk.FreeBytes + BrokerLife.LeastFree;
        client.Drop();
        await Gateway.AdvanceAsync(15 * Second);
        Assert.Equal(0, (await Gateway.SessionInfoAsync("reader")).Queued);
        disk.Capacity = long.MaxValue;
        await Gateway.AdvanceAsync(15 * Second);
        var reader = await ConnectAsync("reader", sessionPresent: true);
        await reader.ExpectPublishAsync("gone");
        await reader.NothingMoreAsync();
    }

    [Fact]
    public async Task PacketIdentifierOfARetainedQoS2MessageIsInUseAfterACrash() // [MQTT-2.2.1-4]
    {
        await _broker.StartAsync(null);
        var publisher = await Gateway.ConnectAsync("publisher");
        await publisher.PublishAsync("t", "retained", QoS.ExactlyOnce, retain: true);
        var reader = await ConnectAsync("reader");
        await reader.SubscribeAsync("#", QoS.ExactlyOnce);
        var first = await reader.ExpectPublishAsync("retained", acknowledge: false);
        Assert.True(first.Retain);
        await RestartAsync();
        publisher = await Gateway.ConnectAsync("publisher");
        await publisher.PublishAsync("u", "next", QoS.ExactlyOnce);
        reader = await ConnectAsync("reader", sessionPresent: true);
        var again = await reader.ExpectPublishAsync("retained", acknowledge: false);
        Assert.Equal((first.PacketId, true, true), (again.PacketId, again.Dup, again.Retain));
        Assert.NotEqual(first.PacketId, (await reader.ExpectPublishAsync("next", acknowledge: false)).PacketId);
    }

    [Fact]
    public async Task WillOfACrashIsNotForItsOwnNoLocalSubscription() // [MQTT-3.8.3-3]
    {
        await _broker.StartAsync(null);
        await SubscribeOfflineAsync("other", "will");
        var client = await Gateway.ConnectAsync(
            "c", cleanStart: false, expiry: 60, will: new ClientWill("will", "gone"u8.ToArray(), QoS.AtLeastOnce));
        await client.SubscribeAsync("will", QoS.AtLeastOnce, noLocal: true);
        await RestartAsync();
        client = await ConnectAsync("c", sessionPresent: true);
        await Gateway.AdvanceAsync(2 * Second);
        var other = await ConnectAsync("other", sessionPresent: true);
        await other.ExpectPublishAsync("gone");
        await client.NothingMoreAsync();
    }

    [Theory]
    [InlineData(false, 60, 0, false)]
    [InlineData(true, 60, 0, false)]
    [InlineData(true, 60, 20, false)] // the session ends before the delay has passed
    [InlineData(false, 0, 0, false)] // it ends with its connection
    [InlineData(true, 60, 20, true)] // the delay has begun
    public async Task I11WillThatTheNextConnectSetsOffSurvivesAKillAtAnyAwait(bool cleanStart, uint expiry, uint delay, bool isGone)
    {
        var kills = 0;
        foreach (var place in Enum.GetValues<KillPlace>())
        {
            for (var countdown = 1; await WillComesAsync(new KillPoint(place, countdown, IsAfter: countdown % 2 == 0), cleanStart, expiry, delay, isGone); countdown++)
            {
                kills++;
            }
        }

        Assert.InRange(kills, 10, 200);
    }

    [Fact]
    public async Task I11WillThatATakeoverSetsOffWaitsForSpace()
    {
        await _broker.StartAsync(null);
        await SubscribeOfflineAsync("reader", "will");
        await Gateway.ConnectAsync("c", expiry: 60, will: new ClientWill("will", "gone"u8.ToArray(), QoS.AtLeastOnce));
        var disk = _broker.Life.Disk;
        disk.Capacity = disk.Capacity - disk.FreeBytes + BrokerLife.LeastFree;
        var next = Gateway.ConnectAsync("c", cleanStart: false, 60);
        await Gateway.AdvanceUntilAsync(next, "the takeover");
        disk.Capacity = long.MaxValue;
        await Gateway.AdvanceAsync(15 * Second);
        var reader = await ConnectAsync("reader", sessionPresent: true);
        await reader.ExpectPublishAsync("gone");
        await reader.NothingMoreAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task I11WhatASessionLeavesToAShareGroupComesOnceAfterAKillAtAnyAwait(bool cleanStart)
    {
        var kills = 0;
        foreach (var place in Enum.GetValues<KillPlace>())
        {
            for (var countdown = 1; await HandedOverOnceAsync(new KillPoint(place, countdown, IsAfter: countdown % 2 == 0), cleanStart); countdown++)
            {
                kills++;
            }
        }

        Assert.InRange(kills, 10, 200);
    }

    [Fact]
    public async Task I11WhatASessionLeavesToAShareGroupComesAlsoWhenItEndedWhileTheBrokerWasDown()
    {
        await LeaveToShareGroupAsync();
        await Stuck.CalmAsync();
        _broker.End(isPowerCut: true, 20 * Second);
        await _broker.StartAsync(null);
        await Gateway.AdvanceAsync(15 * Second);
        Assert.False((await Gateway.SessionInfoAsync("first")).Exists);
        await ExpectHandedOverAsync("the broker was down");
    }

    /// <summary>A member of a share group ends while the broker is killed.</summary>
    /// <returns>Whether it was killed; if not, it did not come to that point.</returns>
    private async Task<bool> HandedOverOnceAsync(KillPoint point, bool cleanStart)
    {
        await LeaveToShareGroupAsync();
        _broker.Life.Arm(point);
        if (cleanStart)
        {
            _broker.Life.Open().Connect("first");
            await Stuck.CalmAsync();
        }

        await Gateway.AdvanceAsync(20 * Second);
        _broker.Life.Arm(null);
        var isDead = _broker.Life.IsDead;
        if (isDead)
        {
            await RestartAsync();
        }

        await Gateway.AdvanceAsync(25 * Second);
        await ExpectHandedOverAsync($"{point}");
        await Stuck.CalmAsync();
        _broker.End(isPowerCut: false, Second);
        return isDead;
    }

    /// <summary>Four messages, which only this member has; the other one is durable and not connected.</summary>
    private async Task LeaveToShareGroupAsync()
    {
        _broker = NewBroker();
        await _broker.StartAsync(null);
        var first = await Gateway.ConnectAsync("first", cleanStart: false, expiry: 10);
        await first.SubscribeAsync("$share/g/t", QoS.ExactlyOnce);
        await Gateway.DropAsync(first);
        var publisher = await Gateway.ConnectAsync("publisher");
        for (ushort i = 1; i <= 4; i++)
        {
            await publisher.PublishAsync("t", $"{i}", i % 2 == 0 ? QoS.AtLeastOnce : QoS.ExactlyOnce);
        }

        var second = await Gateway.ConnectAsync("second", cleanStart: false, expiry: 60);
        await second.SubscribeAsync("$share/g/t", QoS.ExactlyOnce);
        await Gateway.DropAsync(second);
        await Gateway.DropAsync(publisher);
    }

    private async Task ExpectHandedOverAsync(string when)
    {
        var connecting = Gateway.ConnectAsync("second", cleanStart: false, expiry: 60, sessionPresent: true);
        await Gateway.AdvanceUntilAsync(connecting, "the other member");
        var second = await connecting;
        second.Send(ClientPackets.Pingreq());
        var texts = new List<string>();
        while (await second.ReceiveAsync() is { Type: PacketType.Publish } publish)
        {
            texts.Add(publish.Text);
        }

        Assert.True(texts.SequenceEqual(["1", "2", "3", "4"]), $"{string.Join(' ', texts)}, {when}");
    }

    /// <summary>A second CONNECT sets the will of the first one off while the broker is killed.</summary>
    /// <returns>Whether it was killed; if not, it did not come to that point.</returns>
    private async Task<bool> WillComesAsync(KillPoint point, bool cleanStart, uint expiry, uint delay, bool isGone)
    {
        _broker = NewBroker();
        await _broker.StartAsync(null);
        await SubscribeOfflineAsync("reader", "will");
        var client = await Gateway.ConnectAsync("c", expiry: expiry, will: new ClientWill(
            "will", "gone"u8.ToArray(), QoS.AtLeastOnce, Properties: new PropertyList { { PropertyId.WillDelayInterval, delay } }));
        if (isGone)
        {
            await Gateway.DropAsync(client);
        }

        _broker.Life.Arm(point);
        _broker.Life.Open().Connect("c", cleanStart, 60);
        await Stuck.CalmAsync();
        _broker.Life.Arm(null);
        await Gateway.AdvanceAsync(12 * Second); // it may be in the answer to a poll that it dies, which hangs for 10
        var isDead = _broker.Life.IsDead;
        if (isDead)
        {
            await RestartAsync();
        }

        await Gateway.AdvanceAsync(25 * Second);
        var connecting = ConnectAsync("reader", sessionPresent: true);
        await Gateway.AdvanceUntilAsync(connecting, "the reader");
        var reader = await connecting;
        reader.Send(ClientPackets.Pingreq());
        var wills = new List<string>();
        while (await reader.ReceiveAsync() is { Type: PacketType.Publish } publish)
        {
            wills.Add(publish.Text);
        }

        Assert.All(wills, will => Assert.Equal("gone", will));
        Assert.True(wills.Count == 1 || (isDead && wills.Count == 2), $"{wills.Count} wills, {point}");
        await Stuck.CalmAsync();
        _broker.End(isPowerCut: false, Second);
        return isDead;
    }

    private static CrashBroker NewBroker() => new(new CrashPlan(1), new FaultCounts(), _ => { });

    private Task<MemoryClient> ConnectAsync(string clientId, bool? sessionPresent = null, ProtocolVersion version = ProtocolVersion.Mqtt5) =>
        Gateway.ConnectAsync(clientId, cleanStart: false, version == ProtocolVersion.Mqtt5 ? 60 : null, version, sessionPresent: sessionPresent);

    private async Task SubscribeOfflineAsync(string clientId, string filter)
    {
        var client = await ConnectAsync(clientId);
        await client.SubscribeAsync(filter, QoS.ExactlyOnce);
        await Gateway.DropAsync(client);
    }

    private async Task RestartAsync()
    {
        await Stuck.CalmAsync();
        _broker.End(isPowerCut: true, Second);
        await _broker.StartAsync(null);
    }

    private void CrashAtAppendOf(string log) => _broker.Life.LogFaults.Script = point =>
        point.Log == log && point is { Operation: "Append", IsDone: false } ? LogFaultKind.Crash : LogFaultKind.None;

    private void FullOnceAtAppend(int afterAppends) => _broker.Life.LogFaults.Script = point =>
        point is { Log: Sessions, Operation: "Append", IsDone: false } && afterAppends-- == 0 ? LogFaultKind.Full : LogFaultKind.None;
}
