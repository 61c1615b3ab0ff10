using System.Collections;
using System.Reflection;
using System.Text.Json;
using GrainMQ.Tests.Grains;
using Xunit;

namespace GrainMQ.Tests.Cluster.Contracts;

/// <summary>
/// Bytes that earlier versions have written are read by this one: in an upgrade silos and gateways of both are in one cluster.
/// <c>grains/Contracts/contracts.bytes.txt</c> has them, for each record and number of its members.
/// </summary>
public sealed class FrozenBytesTests
{
    private const string Head =
        "# What versions of this broker have written: record, number of its members, how much is set, bytes, value. Lines are added, never changed: FrozenBytesTests.";

    private static readonly string Path = System.IO.Path.Combine(SourceTree.Root, "grains", "Contracts", "contracts.bytes.txt");

    private static readonly NullabilityInfoContext Nullability = new();

    [Fact]
    public void EveryRecordHasFrozenSamples()
    {
        var frozen = Frozen();
        var known = frozen.Select(sample => sample.Key).ToHashSet();
        var missing = ContractTypes.Records.SelectMany(_ => Enum.GetValues<Fill>(), FrozenSample.Of).Where(sample => !known.Contains(sample.Key)).ToArray();
        if (missing.Length > 0 && Environment.GetEnvironmentVariable("GRAINMQ_FREEZE_CONTRACTS") == "1")
        {
            File.WriteAllLines(Path, [Head, .. frozen.Concat(missing).Select(sample => sample.ToString()).Order(StringComparer.Ordinal)]);
        }
        else
        {
            Assert.True(missing.Length == 0, $"""
                These records are new or have new members, and {Path} has no bytes of them:
                {string.Join('\n', missing.Select(sample => $"  {sample.Alias} with {sample.Members} members, {sample.Fill}"))}
                Run the tests once with GRAINMQ_FREEZE_CONTRACTS=1, which adds lines and changes none, and commit the file.
                """);
        }
    }

    [Fact]
    public void BytesOfEarlierVersionsAreReadAsTheyWereWritten()
    {
        var problems = Frozen().Select(sample => (Sample: sample, Problem: ProblemOf(sample))).Where(found => found.Problem is not null).ToArray();
        Assert.True(problems.Length == 0, $"""
            Bytes of an earlier version are not read as they were written:
            {string.Join('\n', problems.Select(found => $"  {found.Sample.Alias} with {found.Sample.Members} members, {found.Sample.Fill}: {found.Problem}"))}
            A silo or gateway of that version would be misunderstood in an upgrade. Give a new member a new number at the end, let its default mean
            the old behaviour, and change no number, type, name or meaning. Only if no release has ever written these bytes, delete
            their lines from {Path} and run the tests once with GRAINMQ_FREEZE_CONTRACTS=1.
            """);
    }

    [Theory]
    [InlineData("""{"A":1}""", """{"A":1,"B":0,"C":null,"D":false}""", true)]
    [InlineData("""{"A":[{"B":"x"}]}""", """{"A":[{"B":"x","C":0}]}""", true)]
    [InlineData("""{"A":1}""", """{"A":1,"B":7}""", false)]
    [InlineData("""{"A":1}""", """{"A":2}""", false)]
    [InlineData("""{"A":1,"B":0}""", """{"A":1}""", false)]
    [InlineData("""{"A":null}""", """{"A":[]}""", false)]
    [InlineData("""{"A":[1]}""", """{"A":[1,2]}""", false)]
    public void ValueReadIsTheOneWrittenWithNewMembersUnset(string written, string read, bool isSame) =>
        Assert.Equal(isSame, IsSame(Parse(written), Parse(read)));

    private static FrozenSample[] Frozen() =>
        File.Exists(Path) ? [.. File.ReadLines(Path).Where(line => !line.StartsWith('#')).Select(FrozenSample.Parse)] : [];

    private static string? ProblemOf(FrozenSample sample)
    {
        object? value;
        try
        {
            value = WireSerializer.Read(sample.Bytes);
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name}: {exception.Message}";
        }
        if (value is null || !ContractTypes.Records.Contains(value.GetType()) || ContractTypes.AliasOf(value.GetType()) != sample.Alias)
        {
            return $"they are read as {value?.GetType().ToString() ?? "null"}";
        }

        if (Unset(value) is { } member)
        {
            return $"{member} is null";
        }

        var read = WireSerializer.Describe(value);
        return IsSame(Parse(sample.Value), Parse(read)) ? null : $"\n    written {sample.Value}\n    read    {read}";
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    private static bool IsSame(JsonElement written, JsonElement read) => (written.ValueKind, read.ValueKind) switch
    {
        (JsonValueKind.Object, JsonValueKind.Object) =>
            written.EnumerateObject().All(member => read.TryGetProperty(member.Name, out var same) && IsSame(member.Value, same))
            && read.EnumerateObject().All(member => written.TryGetProperty(member.Name, out _) || IsUnset(member.Value)),
        (JsonValueKind.Array, JsonValueKind.Array) =>
            written.GetArrayLength() == read.GetArrayLength() && written.EnumerateArray().Zip(read.EnumerateArray()).All(pair => IsSame(pair.First, pair.Second)),
        _ => JsonElement.DeepEquals(written, read),
    };

    private static bool IsUnset(JsonElement value) => value.ValueKind is JsonValueKind.Null or JsonValueKind.False || value.GetRawText() == "0";

    /// <summary>A member that old bytes do not have and that may not be null.</summary>
    private static string? Unset(object value)
    {
        foreach (var parameter in ContractTypes.ConstructorOf(value.GetType()).GetParameters())
        {
            var member = value.GetType().GetProperty(parameter.Name ?? "")?.GetValue(value);
            if (member is null && Nullability.Create(parameter).WriteState == NullabilityState.NotNull)
            {
                return $"{value.GetType().Name}.{parameter.Name}";
            }

            var inner = member is IEnumerable elements and not string ? elements.Cast<object>() : member is null ? [] : [member];
            if (inner.Where(element => ContractTypes.Records.Contains(element.GetType())).Select(Unset).FirstOrDefault(found => found is not null) is { } unset)
            {
                return unset;
            }
        }
        return null;
    }
}
