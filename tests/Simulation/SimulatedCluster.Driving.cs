using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Simulation;

/// <content>A whole simulation, clients and all, on the thread of a test.</content>
public sealed partial class SimulatedCluster
{
    private readonly DrivenRun? _driven;
    private int _clients;

    private DrivenRun Driven => _driven ?? throw new InvalidOperationException($"Only a cluster whose {nameof(SimulatedClusterOptions.IsDriven)} is set can be run.");

    /// <summary>Takes turns, and lets time pass when there are none, until the task has ended.</summary>
    /// <exception cref="SimulationStuckException">It cannot end.</exception>
    public void Run(Task task)
    {
        Driven.Run(task);
        task.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Run(Task)"/>
    public T Run<T>(Task<T> task)
    {
        Run((Task)task);
        return task.Result;
    }

    /// <summary>Runs code of a test as a client of its own, to its end.</summary>
    /// <exception cref="SimulationStuckException">It cannot end.</exception>
    public void Run(Func<Task> body) => Run(Start("test", body));

    /// <inheritdoc cref="Run(Func{Task})"/>
    public T Run<T>(Func<Task<T>> body)
    {
        var result = default(T);
        Run(async () => { result = await body(); });
        return result!; // the body has ended
    }

    /// <summary>Takes turns until there are none. Time stands still.</summary>
    public void RunReady() => Driven.RunReady();

    /// <summary>Code outside of grains, a device or a gateway, that takes turns like everything else. Nothing of it runs before the next <c>Run</c>.</summary>
    public Task Start(string name, Func<Task> body)
    {
        _ = Driven;
        var ended = new TaskCompletionSource();
        new TurnScheduler(Queue, new TurnOwner($"{name}#{++_clients}")).Post(() => _ = EndAsync(body, ended));
        return ended.Task;
    }

    private static async Task EndAsync(Func<Task> body, TaskCompletionSource ended)
    {
        try
        {
            await body();
            ended.TrySetResult();
        }
        catch (Exception e)
        {
            ended.TrySetException(e);
        }
    }

    private DrivenRun Drive() => new(
        Queue, Trace, Time as ManualTimeProvider ?? throw new InvalidOperationException($"A driven cluster needs a {nameof(ManualTimeProvider)}."), IdleTimers);

    /// <summary>Armed timers of the cluster's own that nothing waits for.</summary>
    private int IdleTimers()
    {
        lock (Gate)
        {
            return (Collector.IsRunning ? 1 : 0) + (Deadlines.IsIdle ? 1 : 0);
        }
    }
}
