using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.InMemory.Model;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>
/// A broker that is killed again and again, at whatever await it is, with clients that come back with what they know; then peace, and the
/// account: everything that was acknowledged is there, once where the guarantees say so, and nothing else is.
/// </summary>
internal sealed partial class CrashRound
{
    /// <summary>Longer than any repetition of a call, and than the lease of a will.</summary>
    private const int QuietSeconds = 12;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly CrashPlan _plan;
    private readonly CrashBroker _broker;
    private readonly List<string> _trace = [];
    private readonly SurvivingClient[] _clients;
    private readonly SurvivingClient _prober;
    private readonly SurvivingClient[] _everybody;
    private double _chance;
    private int _step;

    public CrashRound(CrashPlan plan)
    {
        _plan = plan;
        Oracle = new Oracle(plan.QueueMessages < CrashPlan.ManyMessages);
        _broker = new CrashBroker(plan, Counts, Note);
        _clients = [.. Enumerable.Range(0, plan.Clients).Select(number => new SurvivingClient(
            $"c{number}", (plan.Seed + number) % 3 == 0 ? ProtocolVersion.Mqtt311 : ProtocolVersion.Mqtt5, this))];
        _prober = new SurvivingClient("probe", ProtocolVersion.Mqtt5, this);
        _everybody = [.. _clients, _prober];
    }

    public Oracle Oracle { get; }

    public FaultCounts Counts { get; } = new();

    /// <summary>Messages that were acknowledged; and those of them that queues had to drop, which the broker has counted.</summary>
    public (int Accepted, int Dropped) Messages { get; private set; }

    public int Appends => _broker.Watch.Appends;

    public DateTimeOffset Time => _broker.Life.Gateway.Time.GetUtcNow();

    public bool IsDead => _broker.Life.IsDead;

    /// <summary>The broker may refuse, and end connections: something went wrong in its life.</summary>
    public bool IsTroubled => _broker.Life.IsTroubled;

    /// <summary>The broker may have to refuse what takes space.</summary>
    public bool IsShortOfSpace => _broker.Life.Disk.Capacity != long.MaxValue || _broker.Life.LogChance > 0;

    /// <summary>The step at which the round is, or was when it failed.</summary>
    public int Step => _step;

    public string Trace
    {
        get
        {
            lock (_trace)
            {
                return string.Join('\n', _trace);
            }
        }
    }

    public bool IsOwed(ModelMessage message) => _clients.Any(client => client.HasSession && client.Session?.IsOwed(message) == true);

    public MemoryClient Open() => _broker.Life.Open();

    public void Note(string line)
    {
        lock (_trace)
        {
            _trace.Add($"{_step}.{Oracle.Now} {line}");
        }
    }

    public async Task RunAsync()
    {
        try
        {
            await _broker.StartAsync(null);
            for (_step = 0; _step < _plan.Steps; _step++)
            {
                if (!_plan.Skipped.Contains(_step))
                {
                    await StepAsync(_plan.RandomOf(_step, salt: 0));
                }
            }

            await AccountAsync(_plan.RandomOf(_step, salt: 0));
        }
        finally
        {
            _broker.Life.NoteLog();
            _broker.Life.Die("the end of the round");
            _broker.Life.Gateway.Kill();
        }
    }

    private async Task StepAsync(Random random)
    {
        if (IsDead)
        {
            await ReviveAsync(random);
        }

        switch (random.Next(20))
        {
            case < 4:
                Afflict(random);
                break;
            case < 6:
                await AdvanceAsync(TimeSpan.FromMilliseconds(random.Next(10, 2_500)));
                break;
            case 6 when random.Next(3) == 0:
                await RestAsync();
                break;
            case 6:
                for (var i = random.Next(1, 6); i > 0 && _broker.Life.Executor.RunOne(); i--)
                {
                    await Stuck.CalmAsync();
                }

                break;
        }

        _clients[random.Next(_clients.Length)].Act(random);
        await Stuck.CalmAsync();
        if (!IsDead)
        {
            Receive(_ => random.Next(4) > 0);
        }

        _broker.Life.NoteLog();
    }

    private void Receive(Predicate<SurvivingClient> isListening)
    {
        Array.ForEach(_everybody, client => client.NoticeEnd());
        Array.ForEach(Array.FindAll(_everybody, isListening), client => client.Receive());
    }

    /// <summary>Time passes; a disk that is not held does what there is to do.</summary>
    private async Task AdvanceAsync(TimeSpan by)
    {
        Note($"{by.TotalMilliseconds} ms pass");
        for (var left = by; left > TimeSpan.Zero && !IsDead; left -= Second)
        {
            _broker.Life.Gateway.Time.Advance(left < Second ? left : Second);
            await Stuck.CalmAsync();
        }
    }

    private async Task ReviveAsync(Random random)
    {
        await Stuck.CalmAsync();
        Array.ForEach(_everybody, client => client.NoticeEnd());
        Array.ForEach(_everybody, client => client.BrokerDied(random));
        Oracle.BrokerDied();
        var downtime = random.Next(12) == 0 ? TimeSpan.FromSeconds(random.Next(30, 100)) : TimeSpan.FromMilliseconds(random.Next(1, 4_000));
        _broker.End(isPowerCut: random.Next(2) == 0 && !_plan.Without.Contains(CrashFault.PowerCut), downtime);
        var point = random.Next(3) == 0 && !_plan.Without.Contains(CrashFault.KillAtStart) ? PointOf(random, (KillPlace)random.Next(3), 15) : null;
        await _broker.StartAsync(point);
        _broker.Life.SetChances(_chance);
    }

    /// <summary>Nothing goes wrong for a while, and everything that is under way comes to its end.</summary>
    private async Task RestAsync()
    {
        Heal();
        Note("rest");
        for (var seconds = 0; (seconds < QuietSeconds || _everybody.Any(client => client.IsWaiting)) && !IsDead; seconds++)
        {
            if (seconds > 90)
            {
                throw new CrashModelException($"{Array.Find(_everybody, client => client.IsWaiting)?.Id} waits for an answer.");
            }

            await AdvanceAsync(Second);
            Receive(_ => true);
        }

        if (IsDead)
        {
            return; // a death that was on its way
        }

        Array.ForEach(_clients, client => client.Settle());
        Oracle.Settle();
        if (_broker.Watch.Violation is { } violation)
        {
            throw new CrashModelException(violation);
        }

        _broker.Life.SetChances(_chance);
    }
}
