namespace GrainMQ.Tests.Simulation;

/// <summary>Has turns: an activation, a simulated client, or one thing that happens on the way between them.</summary>
/// <param name="name">The same in every run of a seed.</param>
/// <param name="context">What its turns run as; null: not a grain.</param>
internal sealed class TurnOwner(string name, IGrainContext? context = null)
{
    [ThreadStatic] private static TurnOwner? s_running;

    /// <summary>Whose turn runs on this thread.</summary>
    public static TurnOwner? Running => s_running;

    public string Name => name;

    /// <summary>Guarded by the run queue.</summary>
    public Queue<Action> Turns { get; } = new(1);

    /// <summary>It takes no turn any more. Guarded by the run queue.</summary>
    public bool IsGone { get; set; }

    public void Run(Action turn)
    {
        var before = s_running;
        s_running = this;
        CurrentActivation.Enter(context, out var outer);
        try
        {
            turn();
        }
        finally
        {
            CurrentActivation.Leave(outer);
            s_running = before;
        }
    }
}
