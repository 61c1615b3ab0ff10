using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainMQ.Tests.Unit.StoreLink;

/// <summary>A store shard that answers as the test says, and what it was asked.</summary>
public class ShardFake : DispatchProxy
{
    private static readonly GatewayRef Gateway = new(1);

    internal List<QueueBatch> Queued { get; } = [];

    internal List<ProgressBatch> Reported { get; } = [];

    internal Func<QueueBatch, Task<QueueReply>> OnQueue { get; set; } = batch =>
        Task.FromResult(new QueueReply(SessionResult.Ok, 0, [.. batch.Entries.SelectMany(entry => entry.Targets).Select((_, index) => index + 1L)]));

    internal Func<ProgressBatch, Task<ProgressReply>> OnReport { get; set; } = static _ => Task.FromResult(new ProgressReply(SessionResult.Ok, []));

    internal Func<QueueRead, QueuePage> OnRead { get; set; } = static read => new QueuePage(SessionResult.Ok, [], read.After, HasMore: false);

    /// <summary>A cluster with this shard alone.</summary>
    internal static async Task<(ShardFake Fake, StoreShards Shards)> ShardsAsync(TimeProvider time)
    {
        var grain = Create<ISessionStoreGrain, ShardFake>();
        var grains = GrainsFake.Of(grain, new DirectoryFake(ContractVersion.Current));
        var directory = new DirectoryClient(grains, true, () => 0, new SteadyClock(time), time, NullLogger<DirectoryClient>.Instance);
        await directory.JoinAsync();
        return ((ShardFake)(object)grain, new StoreShards(grains, directory, new GrainCalls(time), time));
    }

    internal static (ShardFake Fake, QueueLane Lane) QueueLane(TimeProvider? time = null)
    {
        var grain = Create<ISessionStoreGrain, ShardFake>();
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        return ((ShardFake)(object)grain,
            new QueueLane(grain, Gateway, time ?? TimeProvider.System, new GatewayMetrics(meters), NullLogger<QueueLane>.Instance));
    }

    internal static (ShardFake Fake, ProgressLane Lane) ProgressLane(TimeProvider? time = null)
    {
        var grain = Create<ISessionStoreGrain, ShardFake>();
        return ((ShardFake)(object)grain, new ProgressLane(grain, Gateway, time ?? TimeProvider.System, NullLogger<ProgressLane>.Instance));
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        switch (args?[0])
        {
            case QueueBatch batch:
                Queued.Add(batch);
                return OnQueue(batch);
            case ProgressBatch batch:
                Reported.Add(batch);
                return OnReport(batch);
            case QueueRead read:
                return Task.FromResult(OnRead(read));
            default:
                throw new NotSupportedException(targetMethod?.Name);
        }
    }
}

/// <summary>References to grains that the test made.</summary>
public class GrainsFake : DispatchProxy
{
    private object[] _grains = [];

    internal static IGrainFactory Of(params object[] grains)
    {
        var factory = Create<IGrainFactory, GrainsFake>();
        ((GrainsFake)(object)factory)._grains = grains;
        return factory;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _grains.First(grain => targetMethod!.ReturnType.IsInstanceOfType(grain)); // a proxy gets no other
}

/// <summary>The directory of a cluster with one shard of each kind.</summary>
internal sealed class DirectoryFake(int contracts) : IDirectoryGrain
{
    private readonly Task<ClusterView> _view = Task.FromResult(new ClusterView(1, [], 1, 1, contracts));

    public Task<JoinReply> JoinAsync(JoinRequest request) => Task.FromResult(new JoinReply(new GatewayRef(1), 0));

    public Task<ClusterView> HeartbeatAsync(GatewayBeat beat) => _view;

    public Task<ClusterView> LeaveAsync(GatewayRef gateway) => _view;

    public Task<ClusterView> GetViewAsync() => _view;
}

/// <summary>A durable session that notes what the link asked of it, one line a call.</summary>
public class SessionFake : DispatchProxy
{
    private string _key = "";
    private ulong _epoch;
    private List<string> _calls = [];
    private IDurableSession? _self;

    internal long[] Ended { get; set; } = [];

    /// <summary>What it has to read, until a page came.</summary>
    internal QueueRead? ToRead { get; set; }

    internal static IDurableSession Create(string key, List<string> calls, ulong epoch = 1, long[]? ended = null)
    {
        var session = Create<IDurableSession, SessionFake>();
        var fake = (SessionFake)(object)session;
        (fake._self, fake._key, fake._epoch, fake._calls, fake.Ended) = (session, key, epoch, calls, ended ?? []);
        return session;
    }

    internal static Message MessageOf(string payload) =>
        Message.Create("a"u8, default, Encoding.UTF8.GetBytes(payload), QoS.AtLeastOnce, retain: false, expiresAt: 0);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        switch (targetMethod?.Name)
        {
            case "get_Key":
                return _key;
            case "get_Epoch":
                return _epoch;
            case "get_Main":
                return _self;
            case nameof(IDurableSession.BeginReport):
                return Ended;
            case nameof(IDurableSession.NextRead):
                return ToRead;
            case nameof(IDurableSession.OnPageRead):
                ToRead = null;
                break;
        }

        var arguments = args?.Where(static argument => argument is QueuedDelivery or StartedDelivery or QueuePage or ulong or bool or ReportFate).Select(Text);
        _calls.Add($"{_key} {targetMethod?.Name} {string.Join(" ", arguments ?? [])}".TrimEnd());
        return null;
    }

    private static string Text(object? argument) => argument switch
    {
        QueuedDelivery delivery => $"{delivery.Sequence} {Encoding.UTF8.GetString(delivery.Message.Payload)}",
        StartedDelivery sending => $"{sending.Sequence}",
        QueuePage page => $"{page.Result}",
        _ => $"{argument}",
    };
}
