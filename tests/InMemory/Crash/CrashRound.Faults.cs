using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.DependencyInjection;

namespace GrainMQ.Tests.InMemory.Crash;

/// <content>What goes wrong.</content>
internal sealed partial class CrashRound
{
    private static readonly CrashFault[] Faults = Enum.GetValues<CrashFault>();

    private void Afflict(Random random)
    {
        var fault = Faults[random.Next(Faults.Length)];
        var life = _broker.Life;
        if (_plan.Without.Contains(fault))
        {
            return;
        }

        switch (fault)
        {
            case CrashFault.Kill or CrashFault.PowerCut:
                life.Die("rest");
                break;
            case CrashFault.KillAtLog:
                Arm(PointOf(random, KillPlace.Log, 12));
                break;
            case CrashFault.KillAtDisk:
                Arm(PointOf(random, KillPlace.Disk, 25));
                break;
            case CrashFault.KillAtCall:
                Arm(PointOf(random, KillPlace.Call, 15));
                break;
            case CrashFault.FailedFlush or CrashFault.FailedWrite:
                (life.DiskFaultOf, life.DiskFaultIn) = (fault == CrashFault.FailedFlush ? DiskOperation.Flush : DiskOperation.Write, random.Next(4));
                break;
            case CrashFault.FullDisk:
                Squeeze(random);
                break;
            case CrashFault.SlowDisk:
                SlowDown();
                break;
            case CrashFault.SecondActivation:
                life.Count("second activation");
                life.Gateway.Cluster.ForceSecondActivation(ShardOf(random), TimeSpan.FromMilliseconds(random.Next(50, 3_000)));
                break;
            case CrashFault.LostSilo:
                life.Count("lost silo");
                life.Gateway.Cluster.KillSilo(0);
                life.Gateway.Cluster.StartSilo(0);
                break;
            case CrashFault.Chances:
                _chance = random.Next(2) == 0 ? 0 : 0.06;
                life.SetChances(_chance);
                if (_chance > 0)
                {
                    Oracle.RunOutOfSpace(); // a log may say so
                }

                break;
        }
    }

    private static KillPoint PointOf(Random random, KillPlace place, int most) => new(place, random.Next(1, most), random.Next(2) == 0);

    private void Arm(KillPoint point)
    {
        Note($"the broker is to die at {point}");
        _broker.Life.Arm(point);
    }

    /// <summary>The disk is full up to the floor, or more; or has room again.</summary>
    private void Squeeze(Random random)
    {
        var disk = _broker.Life.Disk;
        var isFull = disk.Capacity == long.MaxValue;
        disk.Capacity = isFull ? disk.Capacity - disk.FreeBytes + BrokerLife.LeastFree + random.Next(-6_000, 2_000) : long.MaxValue;
        if (isFull)
        {
            _broker.Life.Count("full disk");
            Oracle.RunOutOfSpace();
        }
    }

    private void SlowDown()
    {
        var executor = _broker.Life.Executor;
        executor.IsHeld = !executor.IsHeld;
        if (executor.IsHeld)
        {
            _broker.Life.Count("slow disk");
        }
        else
        {
            executor.RunAll();
        }
    }

    private void Heal()
    {
        var life = _broker.Life;
        life.SetChances(0);
        life.Arm(null);
        life.DiskFaultIn = -1;
        life.Disk.Capacity = long.MaxValue;
        life.Executor.IsHeld = false;
        life.Executor.RunAll();
    }

    private IGrain ShardOf(Random random)
    {
        var grains = _broker.Life.Gateway.Services.GetRequiredService<IGrainFactory>();
        return random.Next(3) == 0 ? grains.GetGrain<IRetainGrain>(0) : grains.GetGrain<ISessionStoreGrain>(0);
    }
}
