using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.InMemory.Model;

namespace GrainMQ.Tests.InMemory.Crash;

/// <content>The end: what is there, and what should be.</content>
internal sealed partial class CrashRound
{
    private static readonly string[] RetainedTopics = ["m/0", "m/1", "m/x/y", "r/0", "r/1"];

    private async Task AccountAsync(Random random)
    {
        if (!IsDead && random.Next(3) > 0)
        {
            _broker.Life.Die("the last step");
        }

        do
        {
            _chance = 0;
            if (IsDead)
            {
                await ReviveAsync(random);
            }

            await RestAsync();
        }
        while (IsDead); // of what was armed while it started
        await TakeEverythingAsync(random);
        await ProbeAsync(random);
        await CheckRetainedAsync();
        CheckNothingIsMissing();
        await CheckNothingComesAgainAsync(random);
        await CheckStoredOnceAsync();
    }

    /// <summary>Every client comes back, and takes and acknowledges what there is.</summary>
    private async Task TakeEverythingAsync(Random random)
    {
        Note("everybody comes back");
        _chance = 0;
        for (var turn = 0; turn < 8; turn++)
        {
            Array.ForEach(_clients, client => client.Return(random));
            do
            {
                await RestAsync();
            }
            while (Array.FindAll(_clients, client => client.Finish()).Length > 0);
            if (Array.TrueForAll(_clients, client => client.Session is null || client.IsConnected))
            {
                return;
            }
        }

        throw new CrashModelException("A session is not let in.");
    }

    /// <summary>Subscriptions are those that were acknowledged.</summary>
    private async Task ProbeAsync(Random random)
    {
        _prober.Act(random);
        await RestAsync();
        _prober.Probe();
        do
        {
            await RestAsync();
        }
        while (Array.FindAll(_clients, client => client.Finish()).Length > 0);
    }

    private async Task CheckRetainedAsync()
    {
        var witness = Open();
        witness.Connect("witness");
        witness.Send(GrainMQ.Tests.Testing.ClientPackets.Subscribe(1, "#", QoS.AtMostOnce));
        await AdvanceAsync(5 * Second); // its shard may be moving
        var found = witness.TakePackets().Where(packet => packet.Type == PacketType.Publish)
            .ToDictionary(packet => packet.Topic, packet => ModelMessage.Of(packet, Oracle.Messages));
        witness.Drop();
        await Testing.Stuck.CalmAsync();
        if (RetainedTopics.Select(topic => Oracle.WrongRetained(topic, found.GetValueOrDefault(topic))).FirstOrDefault(wrong => wrong is not null) is { } wrong)
        {
            throw new CrashModelException(wrong);
        }
    }

    /// <summary>I11, I7: what is not there was counted as dropped, because its queue was full, or has expired.</summary>
    private void CheckNothingIsMissing()
    {
        var missing = _clients.Where(client => client.Session is not null)
            .SelectMany(client => client.Session!.Missing(Oracle.Messages).Select(message => (client.Id, Message: message))) // not null: see above
            .Where(one => !Oracle.MayHaveExpired(one.Message, Time)).ToList();
        if (missing.Count > _broker.Dropped)
        {
            var (id, message) = missing[0];
            throw new CrashModelException(
                $"{id} never got {message}, published at {message.SentAt}, accepted at {message.AcceptedAt}: {missing.Count} are missing, {_broker.Dropped} were counted as dropped.");
        }

        Messages = (Oracle.Messages.Count(message => message.AcceptedAt != ModelMessage.Never), missing.Count);
    }

    /// <summary>Everything was acknowledged, and every connection has ended: a last kill brings nothing back.</summary>
    private async Task CheckNothingComesAgainAsync(Random random)
    {
        Array.ForEach(_clients, client => client.Goodbye(random));
        await AdvanceAsync(Second);
        Array.ForEach(_clients, client => client.Settle());
        _broker.Life.Die("the end");
        await ReviveAsync(random);
        await TakeEverythingAsync(random);
    }

    /// <summary>I6: a message is one record, for however many sessions and however often its batch was sent.</summary>
    private async Task CheckStoredOnceAsync()
    {
        _broker.Life.Die("the end");
        await Testing.Stuck.CalmAsync();
        foreach (var (text, times) in await _broker.StoredAsync())
        {
            var message = Oracle.Messages.Find(one => one.Payload == text);
            if (message is { Retain: false, MayRepeat: false } && times > 1) // retained ones come to sessions in other ways as well
            {
                throw new CrashModelException($"{message} stands {times} times in the log of the sessions.");
            }
        }
    }
}
