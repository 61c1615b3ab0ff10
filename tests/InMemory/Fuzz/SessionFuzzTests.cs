using System.Globalization;
using System.Runtime.CompilerServices;
using Xunit;

namespace GrainMQ.Tests.InMemory.Fuzz;

/// <summary>
/// Sessions of several clients, from seeds: first those of every earlier failure (<c>seeds.txt</c>), then new ones until the time is up.
/// A seed that fails is added to the file.
/// </summary>
public sealed class SessionFuzzTests(ITestOutputHelper output)
{
    /// <summary>A nightly run says <c>GRAINMQ_TEST_FUZZ_SECONDS=600</c> and searches from a new seed; null: a minute for both tests, from seed 1.</summary>
    private static readonly int? Nightly = Number("GRAINMQ_TEST_FUZZ_SECONDS");

    private const int TraceLines = 40;

    private static readonly double Seconds = Nightly ?? 60;

    /// <summary>One seed and no other: <c>GRAINMQ_TEST_FUZZ_SEED=4711</c>.</summary>
    private static readonly int? OnlySeed = Number("GRAINMQ_TEST_FUZZ_SEED");

    /// <summary>Clients say anything, all at once: the server answers with well-formed packets, serves others, and holds nothing afterwards.</summary>
    [Fact]
    public Task NothingThatClientsSayBreaksTheServerOrStays() => SearchAsync("noise", NoiseRound.RunAsync, TimeSpan.FromSeconds(Seconds / 3));

    /// <summary>Clients that keep to the protocol are told the truth, among others that do not.</summary>
    [Fact]
    public Task EveryClientGetsWhatItsSessionIsOwed() => SearchAsync("model", ModelRound.RunAsync, TimeSpan.FromSeconds(Seconds * 2 / 3));

    private async Task SearchAsync(string kind, Func<int, Task> run, TimeSpan duration)
    {
        var start = Environment.TickCount64;
        var known = new Queue<int>(OnlySeed is { } only ? [only] : Known(kind));
        int regressions = known.Count, rounds = 0, seed = Nightly is null ? 1 : Random.Shared.Next(1_000_000);
        for (; known.Count > 0 || (OnlySeed is null && Environment.TickCount64 - start < duration.TotalMilliseconds); rounds++)
        {
            var next = known.TryDequeue(out var earlier) ? earlier : seed++;
            try
            {
                await run(next);
            }
            catch (Exception exception)
            {
                Keep(kind, next);
                throw new InvalidOperationException($"The {kind} round of GRAINMQ_TEST_FUZZ_SEED={next} failed: {exception.Message} {Write(kind, next, exception)}");
            }
        }

        output.WriteLine($"{rounds} rounds, {regressions} of them from seeds.txt, in {(Environment.TickCount64 - start) / 1000} s");
    }

    private static IEnumerable<int> Known(string kind) => File.ReadLines(SeedFile())
        .Select(line => line.Split(' '))
        .Where(words => words.Length > 1 && words[0] == kind)
        .Select(words => int.Parse(words[1], CultureInfo.InvariantCulture));

    private static void Keep(string kind, int seed)
    {
        if (!Known(kind).Contains(seed))
        {
            File.AppendAllText(SeedFile(), $"{kind} {seed}\n");
        }
    }

    /// <summary>All of it goes to a file, the end of it into the message.</summary>
    private static string Write(string kind, int seed, Exception exception)
    {
        string[] trace = [.. (exception as FuzzFailure)?.Trace ?? []];
        var file = Directory.CreateDirectory(Path.Combine(Here(), "../../../artifacts/fuzz")).FullName + $"/{kind}-{seed}.txt";
        File.WriteAllLines(file, [.. trace, exception.ToString()]);
        return $"The trace is in {file}, its end:\n{string.Join('\n', trace.TakeLast(TraceLines))}";
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static string SeedFile() => Path.Combine(Here(), "seeds.txt");

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file) ?? "";
}
