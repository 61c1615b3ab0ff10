using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.InMemory.Model;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Fuzz;

/// <summary>
/// Whole sessions of several clients, drawn from the grammar of what a client may do next, among others that say anything. Everything that
/// the server says to the former is held against a model: acknowledgements one for one, deliveries to the clients that they belong to, in order, as often
/// as their QoS says, under packet identifiers that are free, Session Present; in the end nothing is owed and nothing is left.
/// </summary>
internal sealed class ModelRound : IModelBroker
{
    public const uint Expiry = 30;
    public const ushort ReceiveMaximum = 10;
    private const int Clients = 5, NoisyClients = 2, Steps = 400, TraceLines = 2000, MostTries = 50;

    private static readonly TimeSpan RepeatAfter = TimeSpan.FromMilliseconds(60);

    private readonly InMemoryGateway _gateway;
    private readonly Random _random;
    private readonly ModelClient[] _clients;
    private readonly NoisyClient[] _noisy;
    private readonly Queue<string> _trace = [];
    private readonly List<ModelMessage> _wills = [];
    private bool _willsAreAtOnce;

    private ModelRound(InMemoryGateway gateway, int seed)
    {
        _gateway = gateway;
        _random = new Random(seed);
        _clients = [.. Enumerable.Range(0, Clients).Select(number => new ModelClient($"fuzz-model-{number}", this, new Random(seed * 31 + number)))];
        _noisy = [.. Enumerable.Range(0, NoisyClients).Select(number => new NoisyClient(gateway, new Random(seed * 37 + number)))];
    }

    /// <summary>
    /// No grain's answer comes late: when nothing moves any more, a server has read everything. Otherwise it may wait for the grain that a
    /// packet before needs.
    /// </summary>
    public bool ReadsAtOnce => _willsAreAtOnce;

    /// <summary>The step that the round is at.</summary>
    public int Now { get; private set; }

    public bool MayDie => false;

    public List<ModelMessage> Messages { get; } = [];

    public IEnumerable<ModelSession> Sessions => _clients.Select(client => client.Session).OfType<ModelSession>();

    /// <summary>Every other round has grains whose calls come late, come twice, or get lost before or after they had their effect.</summary>
    public static async Task RunAsync(int seed)
    {
        var faults = new GrainFaults { Plan = { Seed = seed } };
        await using var gateway = await InMemoryGateway.StartAsync(Configure, faults: faults);
        var witness = await gateway.ConnectAsync("witness");
        await witness.SubscribeAsync("witness");
        var round = new ModelRound(gateway, seed);
        faults.Plan.Injected = (call, fault) => round.Note($"{fault} of {call.Method} to {call.Grain}");
        var isFaulty = seed % 2 != 0;
        try
        {
            if (isFaulty)
            {
                (faults.Plan.Delay, faults.Plan.Duplicate, faults.Plan.TimeoutBefore, faults.Plan.TimeoutAfter) = (0.05, 0.05, 0.02, 0.02);
            }

            await round.RunAsync(willsAreAtOnce: !isFaulty);
        }
        catch (Exception exception)
        {
            throw new FuzzFailure(exception.Message, round._trace, exception);
        }

        (faults.Plan.Delay, faults.Plan.Duplicate, faults.Plan.TimeoutBefore, faults.Plan.TimeoutAfter) = (0, 0, 0, 0);
        await Leftovers.AssertNoneAsync(gateway, witness);
    }

    public MemoryClient Open() => _gateway.Open();

    public ModelMessage Publish(ModelClient publisher, string topic, QoS qos, bool retain, int sentAt)
    {
        var message = new ModelMessage(Messages.Count, publisher.Id, topic, qos, retain, sentAt);
        Messages.Add(message);
        return message;
    }

    /// <summary>The connection of a client with this will is lost: it is published with the next settling at the latest.</summary>
    public void Release(ModelMessage? will)
    {
        if (will is not null)
        {
            will.Release(Now);
            _wills.Add(will);
        }
    }

    /// <summary>What new subscriptions must be sent: the last retained message of each topic, where it is certain which one that is.</summary>
    public IEnumerable<ModelMessage> Retained(List<ModelSubscription> made) => Messages
        .Where(message => message.Retain)
        .GroupBy(message => message.Topic)
        .Where(topic => made.Exists(one => one.ShareName is null && one.Matches(topic.Key)))
        .Select(topic => (Last: topic.Last(), Before: topic.SkipLast(1)))
        .Where(topic => topic.Last.AcceptedAt < made[0].SentAt && !topic.Last.IsResent
            && topic.Before.All(other => other.AcceptedAt < topic.Last.SentAt && !other.IsResent))
        .Select(topic => topic.Last);

    public void Note(string line)
    {
        lock (_trace)
        {
            _trace.Enqueue($"{Now} {line}");
            if (_trace.Count > TraceLines)
            {
                _trace.Dequeue();
            }
        }
    }

    /// <summary>What a member of a share group leaves unfinished goes to another one, later.</summary>
    public bool HasOrder(ModelMessage message) => !message.IsShared;

    public bool MayRepeat(ModelMessage message) => message.MayRepeat;

    public bool MayHaveBeenRefused(ModelMessage message) => false;

    public bool IsInNoQueue(ModelMessage message) => false;

    public bool IsUnstored(ModelMessage message) => false;

    private static void Configure(GatewayOptions options)
    {
        options.Connections.ReceiveMaximum = ReceiveMaximum;
        options.Connections.SessionExpiryMaximum = TimeSpan.FromSeconds(Expiry);
    }

    /// <param name="willsAreAtOnce">No call to a grain holds up the publication of a will.</param>
    private async Task RunAsync(bool willsAreAtOnce)
    {
        _willsAreAtOnce = willsAreAtOnce;
        for (Now = 0; Now < Steps; Now++)
        {
            var settles = _random.Next(3) == 0;
            if (_random.Next(150) == 0)
            {
                await ExpireAsync();
            }
            else if (_random.Next(6) == 0)
            {
                _noisy[_random.Next(_noisy.Length)].Act();
            }
            else
            {
                settles |= _clients[_random.Next(_clients.Length)].Act();
            }

            if (settles)
            {
                await SettleAsync();
            }
        }

        Array.ForEach(_noisy, client => client.Leave());
        do
        {
            await FinishAsync();
            await _gateway.AdvanceAsync(TimeSpan.FromSeconds(5)); // what a lost or late call has held up
            await ReceiveAsync();
        }
        while (Array.FindAll(_clients, client => client.Finish()).Length > 0);
        AssertNothingIsOwed();
        Array.ForEach(_clients, client => client.Leave());
    }

    /// <summary>Every client comes back and takes what is there, until nothing more comes.</summary>
    private async Task FinishAsync()
    {
        do
        {
            await SettleAsync();
        }
        while (Array.FindAll(_clients, client => client.Finish()).Length > 0);
    }

    /// <summary>So much time passes that every session without a connection ends.</summary>
    private async Task ExpireAsync()
    {
        await SettleAsync();
        await _gateway.AdvanceAsync(TimeSpan.FromSeconds(Expiry + 10));
        Array.ForEach(_clients, client => client.Expire());
        Note("the sessions of absent clients expired");
    }

    /// <summary>
    /// With a clock that stands still, whatever could happen has happened; it moves only when an answer waits for a call that is repeated.
    /// </summary>
    private async Task SettleAsync()
    {
        await ReceiveAsync();
        for (var tries = 0; tries < MostTries && Array.Exists(_clients, client => client.IsWaiting); tries++)
        {
            _gateway.Time.Advance(RepeatAfter);
            await ReceiveAsync();
        }

        if (Array.Find(_clients, client => client.IsWaiting) is { } waiting)
        {
            throw new InvalidOperationException($"{waiting.Id} waits for an answer.");
        }

        _wills.ForEach(will => will.AcceptedAt = _willsAreAtOnce ? Now : ModelMessage.Never);
        _wills.Clear();
    }

    private async Task ReceiveAsync()
    {
        await Stuck.CalmAsync();
        Array.ForEach(_clients, client => client.Receive());
    }

    private void AssertNothingIsOwed()
    {
        foreach (var client in _clients.Where(client => client.Session is not null))
        {
            if (client.Session?.Missing(Messages).FirstOrDefault() is { } missing)
            {
                throw new InvalidOperationException($"{client.Id} never got {missing}, published at {missing.SentAt}, accepted at {missing.AcceptedAt}.");
            }
        }

        if (Messages.Find(message => message.SharedBy.Count > 1 && !message.MayRepeat && message.SharedBy.All(session => session.WasThereSince(message.SentAt))) is { } twice)
        {
            throw new InvalidOperationException($"{twice} went to {twice.SharedBy.Count} members of the share group."); // [MQTT-4.8.2-4]
        }
    }
}
