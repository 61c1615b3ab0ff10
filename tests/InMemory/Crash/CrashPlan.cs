using GrainMQ.Gateway.Configuration;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>
/// What a round is made of. Every step draws from the seed and its own number alone, so that a failure can be looked for again with fewer
/// steps, clients or faults.
/// </summary>
internal sealed record CrashPlan(int Seed)
{
    public const uint Expiry = 60;

    public const int ManyMessages = 100_000;

    private const int MostSteps = 50;

    public int Steps { get; init; } = MostSteps;

    /// <summary>Steps that are left out.</summary>
    public IReadOnlySet<int> Skipped { get; init; } = new HashSet<int>();

    public int Clients { get; init; } = 2 + Seed % 3;

    /// <summary>Faults that are left out.</summary>
    public IReadOnlySet<CrashFault> Without { get; init; } = new HashSet<CrashFault>();

    /// <summary>So small that a schedule has several segments.</summary>
    public long SegmentBytes => Seed % 4 == 0 ? 64 << 10 : 4_096;

    public long SnapshotAfter => Seed % 4 == 1 ? long.MaxValue : 3_000;

    /// <summary>In some rounds queues overflow.</summary>
    public int QueueMessages => Seed % 7 == 0 ? 5 : ManyMessages;

    public Random RandomOf(int number, int salt) => new(unchecked(Seed * 1_000_003 + number * 7_919 + salt * 104_729));

    public void Configure(GatewayOptions options)
    {
        options.Connections.SessionExpiryMaximum = TimeSpan.FromSeconds(Expiry);
        options.Grains.OfflineQueueMaxMessages = QueueMessages;
    }

    public override string ToString() =>
        $"{Steps - Skipped.Count(step => step < Steps)} steps, {Clients} clients{(Without.Count == 0 ? "" : $", without {string.Join(", ", Without)}")}";
}

/// <summary>What the schedule does to a broker; what it meets by chance is counted apart.</summary>
internal enum CrashFault
{
    Kill,
    PowerCut,
    KillAtLog,
    KillAtDisk,
    KillAtCall,
    KillAtStart,
    FailedFlush,
    FailedWrite,
    FullDisk,
    SlowDisk,
    SecondActivation,
    LostSilo,
    Chances,
}
