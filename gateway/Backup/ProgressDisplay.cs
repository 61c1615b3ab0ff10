using GrainMQ.Grains.Backup;
using Spectre.Console;

namespace GrainMQ.Gateway.Backup;

/// <summary>Shows the progress of an export or import: bars on a terminal, lines anywhere else.</summary>
internal static class ProgressDisplay
{
    public static async Task<T> RunAsync<T>(TextWriter output, Func<IExportProgress, Task<T>> work)
    {
        if (!ReferenceEquals(output, Console.Out) || Console.IsOutputRedirected)
        {
            return await work(new ProgressLines(output, TimeProvider.System));
        }

        return await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new ProgressBars(context)));
    }
}

/// <summary>Shows a bar for each step.</summary>
internal sealed class ProgressBars(ProgressContext context) : IExportProgress
{
    /// <summary>Positions of a bar; more reports would only redraw it.</summary>
    private const int Positions = 500;

    private ProgressTask? _task;
    private long _next;
    private long _distance;

    public void Begin(string step, long total)
    {
        _task?.Value(_task.MaxValue);
        _task = context.AddTask(Markup.Escape(step), maxValue: Math.Max(1, total));
        _distance = _next = (total / Positions) + 1;
        if (total == 0)
        {
            _task.Value(1);
        }
    }

    public void Report(long done)
    {
        if (done < _next && done < _task?.MaxValue)
        {
            return;
        }

        _task?.Value(done);
        _next = done + _distance;
    }
}

/// <summary>Writes a line for each step, and for a long one a line every five seconds.</summary>
internal sealed class ProgressLines(TextWriter output, TimeProvider time) : IExportProgress
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private string _step = "";
    private long _total;
    private long _last;

    public void Begin(string step, long total)
    {
        (_step, _total, _last) = (step, total, time.GetTimestamp());
        output.WriteLine($"{step} ...");
    }

    public void Report(long done)
    {
        if (time.GetElapsedTime(_last) < Pause)
        {
            return;
        }

        _last = time.GetTimestamp();
        output.WriteLine($"{_step}: {100 * done / Math.Max(1, _total)} %");
    }
}
