using Orleans.Concurrency;

namespace GrainMQ.Tests.Grains.Simulation;

/// <summary>A grain that does whatever a test asks for.</summary>
public interface IProbeMethods : IGrainWithStringKey
{
    Task<int> CountAsync();

    Task<string> KeyAsync();

    /// <summary>Writes "{name} began", waits for the gate, writes "{name} ended".</summary>
    Task HoldAsync(string name);

    /// <summary>Holds without being awaited.</summary>
    Task LeaveRunningAsync(string name);

    [AlwaysInterleave] Task<int> PeekAsync();

    [ReadOnly] Task HoldReadingAsync(string name);

    Task<Payload> EchoAsync(Payload payload, byte[] bytes);

    Task ThrowAsync(string message);

    Task ThrowAtOnce(string message);

    Task CancelAsync();

    /// <summary>Loses increments if two turns ever run at once.</summary>
    Task<int> CountUnsafelyAsync(int rounds);

    /// <summary>Whether the grain is still the running owner of turns after it has awaited something that ends elsewhere.</summary>
    Task<bool> ComesBackAsync();

    /// <summary>Calls along the path of keys; the last answers.</summary>
    Task<string> RelayAsync(string[] path, bool interleave);

    [AlwaysInterleave] Task<string> RelayInterleavedAsync(string[] path);

    Task DeactivateAsync();

    Task StartTimerAsync(ProbeTimer timer);

    Task ChangeTimerAsync(TimeSpan due, TimeSpan period);

    Task StopTimerAsync();

    Task<Payload> StateAsync();

    Task KeepAsync(Payload payload);

    Task ScribbleAsync();
}

public interface IProbe : IProbeMethods;

public interface IReentrantProbe : IProbeMethods;

public interface INumbered : IGrainWithIntegerKey
{
    Task<long> KeyAsync();

    Task<string> KeyStringAsync();
}

/// <summary>Has no class.</summary>
public interface IUnimplemented : IGrainWithStringKey
{
    Task CallAsync();
}

[GenerateSerializer, Immutable]
public sealed record Payload([property: Id(0)] string Text, [property: Id(1)] byte[] Bytes);

[GenerateSerializer, Immutable]
public sealed record ProbeTimer(
    [property: Id(0)] string Name, [property: Id(1)] TimeSpan Due, [property: Id(2)] TimeSpan Period, [property: Id(3)] bool Interleave = false,
    [property: Id(4)] bool KeepAlive = false, [property: Id(5)] bool Fails = false);
