using System.Globalization;
using System.Runtime.CompilerServices;

namespace GrainMQ.Tests.Simulation;

/// <summary>
/// Says which seeds a search runs, and how to repeat the one that fails. An ordinary run of the tests has the same seeds everywhere: those of
/// earlier failures, which stand in <c>seeds.txt</c> beside the test, and then 1 to a fixed count; no clock decides how much is tested.
/// CONTRIBUTING.md has the two variables that change this. Nothing is written to <c>seeds.txt</c>: the failure says which line to add.
/// </summary>
public sealed class Seeds
{
    /// <summary><c>GRAINMQ_SEED=17</c>: this seed and no other.</summary>
    private static readonly int? One = Number("GRAINMQ_SEED");

    /// <summary><c>GRAINMQ_SEEDS=10000</c>: the seeds of earlier failures and so many new ones, which begin anywhere.</summary>
    private static readonly int? Many = Number("GRAINMQ_SEEDS");

    /// <summary>New seeds begin below this, so that a few more digits do not make them harder to read.</summary>
    private const int HighestFirst = 10_000_000;

    private const int TraceLinesInMessage = 40;

    private readonly string _search;
    private readonly string _test;
    private readonly int _usual;

    private Seeds(string search, int usual, string test)
    {
        (_search, _usual, _test) = (search, usual, test);
        Regressions = One is null ? [.. Known()] : [];
        First = One ?? (Many is null ? 1 : Random.Shared.Next(1_000, HighestFirst));
        Count = One is null ? Many ?? usual : 1;
    }

    /// <summary>Seeds that have failed before; they run first.</summary>
    public IReadOnlyList<int> Regressions { get; }

    /// <summary>The first of the new seeds.</summary>
    public int First { get; }

    /// <summary>How many new seeds there are, regressions not counted.</summary>
    public int Count { get; }

    /// <summary>At least as much as an ordinary run: what that must meet, this must meet.</summary>
    public bool IsWhole => One is null && Count >= _usual;

    public IEnumerable<int> All => Regressions.Concat(Enumerable.Range(First, Count).Where(seed => !Regressions.Contains(seed)));

    /// <param name="search">Name of the search: the first word of its lines in <c>seeds.txt</c> and of the files that failures write.</param>
    /// <param name="count">New seeds of an ordinary run.</param>
    /// <param name="test">The file of the test class.</param>
    public static Seeds Of(string search, int count, [CallerFilePath] string test = "") => new(search, count, test);

    /// <summary>The path of a file in <c>artifacts/tests</c>, where CI looks for reports.</summary>
    public static string Artifact(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Directory.CreateDirectory(Path.Combine(RootAbove(here), "artifacts", "tests")).FullName, name);

    /// <summary>Runs every seed until one fails.</summary>
    /// <param name="run">Runs one seed.</param>
    /// <param name="trace">What led to the failure of the last seed; null: the exception says enough.</param>
    /// <exception cref="SeedFailedException">A seed failed.</exception>
    public async Task EachAsync(Func<int, Task> run, Func<Exception, string?>? trace = null)
    {
        foreach (var seed in All)
        {
            await RunAsync(seed, () => run(seed), trace);
        }
    }

    /// <summary>Runs one of the seeds.</summary>
    /// <exception cref="SeedFailedException">It failed.</exception>
    public async Task RunAsync(int seed, Func<Task> run, Func<Exception, string?>? trace = null)
    {
        try
        {
            await run();
        }
        catch (Exception exception)
        {
            throw Failed(seed, exception, trace?.Invoke(exception) ?? "");
        }
    }

    /// <summary>A failure that says how to repeat it; the whole trace goes to a file, its end into the message.</summary>
    public SeedFailedException Failed(int seed, Exception exception, string trace)
    {
        var file = Artifact($"{_search}-seed-{seed}.txt");
        File.WriteAllText(file, $"{Repetition(seed)}\n\n{exception}\n\n{trace}\n");
        var end = string.Join('\n', trace.Split('\n').TakeLast(TraceLinesInMessage));
        return new SeedFailedException($"{Repetition(seed)}\n{exception.Message}\nAll of it is in {file}, the end of its trace:\n{end}", exception);
    }

    public override string ToString() => $"{_search}: {Regressions.Count} seeds of earlier failures, {Count} from {First}";

    private string Repetition(int seed)
    {
        var name = Path.GetFileNameWithoutExtension(_test);
        var project = Path.GetRelativePath(RootAbove(_test), _test).Split(Path.DirectorySeparatorChar)[1];
        return $"Seed {seed} of {_search} failed. Again: GRAINMQ_SEED={seed} dotnet run -c Release --project tests/{project} -- --filter-class '*{name}'. " +
            $"To keep it, add '{_search} {seed} WHAT IT FOUND' to seeds.txt beside {name}.";
    }

    private IEnumerable<int> Known()
    {
        var file = Path.Combine(Path.GetDirectoryName(_test) ?? "", "seeds.txt");
        return !File.Exists(file) ? [] : File.ReadLines(file)
            .Select(line => line.Split(' '))
            .Where(words => words.Length > 1 && words[0] == _search)
            .Select(words => int.Parse(words[1], CultureInfo.InvariantCulture));
    }

    private static string RootAbove(string file)
    {
        for (var directory = Path.GetDirectoryName(file); directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "Orleans.sln")))
            {
                return directory;
            }
        }

        throw new DirectoryNotFoundException("Seeds and reports stand in the source tree: run the tests from a build inside the repository.");
    }

    private static int? Number(string variable) => Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new FormatException($"{variable}={text} is not a number.");
}
