using GrainMQ.Tests.Simulation;
using Xunit;

namespace GrainMQ.Tests.InMemory.Fuzz;

/// <summary>Sessions of several clients, from seeds.</summary>
public sealed class SessionFuzzTests(ITestOutputHelper output)
{
    private const int NoiseSeeds = 40, ModelSeeds = 100;

    /// <summary>Clients say anything, all at once: the server answers with well-formed packets, serves others, and holds nothing afterwards.</summary>
    [Fact]
    public Task NothingThatClientsSayBreaksTheServerOrStays() => SearchAsync(Seeds.Of("noise", NoiseSeeds), NoiseRound.RunAsync);

    /// <summary>Clients that keep to the protocol are told the truth, among others that do not.</summary>
    [Fact]
    public Task EveryClientGetsWhatItsSessionIsOwed() => SearchAsync(Seeds.Of("model", ModelSeeds), ModelRound.RunAsync);

    private Task SearchAsync(Seeds seeds, Func<int, Task> run)
    {
        output.WriteLine($"{seeds}");
        return seeds.EachAsync(run, exception => exception is FuzzFailure failure ? string.Join('\n', failure.Trace) : null);
    }
}
