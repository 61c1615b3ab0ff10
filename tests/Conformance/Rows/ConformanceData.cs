using System.Text.Json;
using System.Text.Json.Serialization;

namespace GrainMQ.Tests.Conformance.Rows;

/// <summary>What <c>tests/Conformance/Data</c> holds: the statements of both specifications, the macros, and the rows by file.</summary>
public sealed class ConformanceData
{
    private static readonly JsonSerializerOptions Json = new() { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };
    private static readonly Lazy<ConformanceData> Loaded = new(Load);

    private ConformanceData() { }

    public static ConformanceData Current => Loaded.Value;

    /// <summary>The directory of the solution, found upwards from the test's binaries.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>By version: <c>3.1.1</c> and <c>5.0</c>.</summary>
    public required IReadOnlyDictionary<string, Statement[]> Statements { get; init; }

    /// <summary>Steps by name, for the beginnings that many rows share.</summary>
    public required IReadOnlyDictionary<string, string[]> Macros { get; init; }

    /// <summary>By file name without extension.</summary>
    public required IReadOnlyDictionary<string, Row[]> Files { get; init; }

    /// <summary>What the broker does where the specifications leave it to the server; the end of the document.</summary>
    public required string Choices { get; init; }

    public IEnumerable<(string File, Row Row)> Rows => Files.SelectMany(file => file.Value.Select(row => (file.Key, row)));

    public Row Find(string file, string name) => Files[file].Single(row => row.Name == name);

    private static ConformanceData Load()
    {
        var directory = Path.Combine(Root, "tests", "Conformance", "Data");
        return new ConformanceData
        {
            Statements = new[] { "3.1.1", "5.0" }.ToDictionary(
                version => version,
                version => Read<Statement[]>(Path.Combine(directory, $"statements-{version}.json"))),
            Macros = Read<Dictionary<string, string[]>>(Path.Combine(directory, "macros.json")),
            Files = Directory.GetFiles(Path.Combine(directory, "rows"), "*.json").Order(StringComparer.Ordinal).ToDictionary(
                path => Path.GetFileNameWithoutExtension(path),
                Read<Row[]>),
            Choices = File.ReadAllText(Path.Combine(directory, "choices.md")),
        };
    }

    private static T Read<T>(string path)
    {
        using var file = File.OpenRead(path);
        return JsonSerializer.Deserialize<T>(file, Json) ?? throw new InvalidDataException($"{path} holds null.");
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Orleans.sln")))
        {
            directory = directory.Parent ?? throw new DirectoryNotFoundException("No Orleans.sln above the test's binaries.");
        }

        return directory.FullName;
    }
}
