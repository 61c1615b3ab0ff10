using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Grains.Suites;
using GrainMQ.Tests.Simulation;
using Xunit;

namespace GrainMQ.Tests.Grains.Faults;

/// <summary>One run: devices connect and close while messages are queued for them and gateways poll; then peace, and the account.</summary>
internal sealed class FaultSimulation
{
    private static readonly GatewayRef[] Live = [Sample.A, Sample.B];
    private static readonly TimeSpan WorkLease = TimeSpan.FromDays(1);

    private readonly Dictionary<CallFault, int> _injected = [];
    private readonly Dictionary<string, List<string>> _acknowledged = [];
    private readonly Dictionary<string, string> _retained = [];
    private readonly SimulatedGrainCluster _cluster;
    private readonly FaultyGateway[] _gateways;
    private readonly SimulatedDevice[] _devices;
    private readonly int _seed;
    private readonly int _rounds;
    private readonly int _batches;
    private bool _isPeace;
    private bool _isOver;
    private bool _isClockStopped;

    /// <param name="seed">Draws everything: turns, faults, deaths, and what devices do.</param>
    /// <param name="rounds">Connections of each device before peace.</param>
    /// <param name="batches">Batches that are queued meanwhile.</param>
    /// <param name="simulate">Changes how the simulation behaves.</param>
    public FaultSimulation(int seed, int rounds = 6, int batches = 30, Action<SimulatedClusterOptions>? simulate = null)
    {
        (_seed, _rounds, _batches) = (seed, rounds, batches);
        var faults = new FaultPlan
        {
            Seed = seed, Delay = 0.05, Reorder = 0.02, Duplicate = 0.05, TimeoutBefore = 0.04, TimeoutAfter = 0.06, SecondActivation = 0.01,
            LateAnswer = 0.04,
            Script = _ => _isPeace ? CallFault.None : null,
            Injected = (_, fault) => _injected[fault] = _injected.GetValueOrDefault(fault) + 1,
        };
        _cluster = new SimulatedGrainCluster(
            // silence and leases that lapse have tests of their own; here time runs much faster than the calls
            options => (options.StoreShards, options.RetainShards, options.WorkLease, options.GatewaySilence, options.PresetTimeout) =
                (1, 1, WorkLease, WorkLease, WorkLease),
            simulate: options =>
            {
                (options.IsDriven, options.Seed, options.Faults) = (true, seed, faults);
                simulate?.Invoke(options);
            });
        _gateways = [new FaultyGateway(_cluster, Sample.A), new FaultyGateway(_cluster, Sample.B)];
        _devices = [.. Enumerable.Range(0, 4).Select(i => new SimulatedDevice($"t/{i}", _gateways, new Random(seed + i)))];
    }

    /// <summary>Devices that met a ghost (<see cref="SimulatedDevice.HasMetAGhost"/>): few, or the account proves little.</summary>
    public int Ghosts { get; private set; }

    /// <summary>What went wrong, how often.</summary>
    public IReadOnlyDictionary<CallFault, int> Injected => _injected;

    public int Deaths { get; private set; }

    public SimulationTrace Trace => _cluster.Simulation.Trace;

    public async Task RunAsync()
    {
        await using var cluster = _cluster;
        try
        {
            cluster.Simulation.Run(PlayAsync);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Seed {_seed}: {e.Message}", e);
        }
    }

    private async Task PlayAsync()
    {
        var clock = Start("clock", RunClockAsync);
        var polls = _gateways.Select(gateway => Start("poll", () => PollAsync(gateway))).ToArray();
        try
        {
            await Task.WhenAll(_devices.Select(device => _gateways[0].PresetAsync(device.Key)));
            await Task.WhenAll([
                Start("queue", QueueAsync), Start("retain", RetainAsync), .. _devices.Select(device => Start("device", () => device.RunAsync(_rounds)))]);
            _isPeace = true;
            foreach (var device in _devices)
            {
                await device.DrainAsync();
            }
        }
        finally
        {
            _isPeace = _isOver = true;
            await Task.WhenAll(polls);
            _isClockStopped = true; // last: a poll that hangs needs it
            await clock;
        }
        await PollAllAsync(); // publishes the rest
        await PollAllAsync(); // reports it
        await Task.Delay(WorkLease, _cluster.Time); // work whose answer was lost is given out again, and by a shard that was collected meanwhile
        await PollAllAsync();
        await CheckAsync();
    }

    private Task Start(string name, Func<Task> body) => _cluster.Simulation.Start(name, body);

    private async Task PollAllAsync()
    {
        foreach (var gateway in _gateways)
        {
            await gateway.PollAsync(Live, wait: 0);
        }
    }

    private async Task RunClockAsync()
    {
        var random = new Random(_seed);
        while (!_isClockStopped)
        {
            _cluster.Time.Advance(TimeSpan.FromMilliseconds(1));
            if (!_isPeace && random.Next(400) == 0)
            {
                KillAny(random.Next(_cluster.Silos));
            }

            await Task.Yield();
        }
    }

    private void KillAny(int silo)
    {
        Deaths++;
        _cluster.KillSilo(silo);
        _cluster.StartSilo(silo);
    }

    private async Task PollAsync(FaultyGateway gateway)
    {
        while (!_isOver)
        {
            await gateway.PollAsync(Live, wait: 20);
        }
    }

    private async Task QueueAsync()
    {
        var random = new Random(_seed);
        for (var batch = 0; batch < _batches; batch++)
        {
            var texts = Enumerable.Range(0, random.Next(1, 4)).Select(i => $"{batch}.{i}").ToArray();
            var keys = _devices.Where(_ => random.Next(2) == 0).Select(device => device.Key).ToArray();
            QueueTarget[] targets = [.. keys.Select(key => new QueueTarget(key, 1, false, []))];
            await _gateways[0].QueueAsync([.. texts.Select(text => new QueueEntry(Sample.Bytes(text), 0, targets))]);
            foreach (var key in keys)
            {
                (_acknowledged.TryGetValue(key, out var own) ? own : _acknowledged[key] = []).AddRange(texts);
            }
        }
    }

    private async Task RetainAsync()
    {
        var random = new Random(_seed);
        for (var i = 0; i < _batches; i++)
        {
            var topic = $"{random.Next(10)}";
            await _gateways[1].RetainAsync(new RetainEntry(topic, Sample.Bytes($"{i}"), 0));
            _retained[topic] = $"{i}";
        }
    }

    private async Task CheckAsync()
    {
        foreach (var device in _devices)
        {
            CheckMessages(device, _acknowledged.GetValueOrDefault(device.Key) ?? []);
        }

        CheckWills();
        var page = await _gateways[0].QueryAsync(new RetainQuery("t", "#", null, 100, int.MaxValue));
        var retained = page.Messages.Select(entry => KeyValuePair.Create(entry.Topic, Sample.Text(entry.Message ?? [])));
        Assert.Equal(_retained.OrderBy(pair => pair.Key), retained);
    }

    private void CheckMessages(SimulatedDevice device, List<string> acknowledged)
    {
        var received = device.HasMetAGhost ? device.Received.Distinct().Order() : device.Received.AsEnumerable();
        var expected = device.HasMetAGhost ? acknowledged.Order() : acknowledged.AsEnumerable();
        Assert.True(expected.SequenceEqual(received), $"seed {_seed}: {device.Key} got {string.Join(' ', device.Received)}");
    }

    private void CheckWills()
    {
        var ghosts = _devices.Where(device => device.HasMetAGhost).Select(device => device.Key + '#').ToArray();
        var due = _devices.SelectMany(device => device.DueWills).Where(will => !Array.Exists(ghosts, will.StartsWith)).Order().ToArray();
        var published = _gateways.SelectMany(gateway => gateway.Published).Order().ToArray();
        var exact = published.Where(will => !Array.Exists(ghosts, will.StartsWith));
        Assert.True(due.SequenceEqual(exact), $"seed {_seed}: wills due {string.Join(' ', due)}, published {string.Join(' ', published)}");
        Ghosts = ghosts.Length;
    }
}
