using GrainMQ.Gateway.Hosting;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

/// <summary>What cannot be exported or imported is one line with its cure, and leaves nothing behind.</summary>
public sealed class BackupCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task ADirectoryWithoutDataHasNothingToExport()
    {
        Directory.CreateDirectory(_directory.File("data"));
        await FailsAsync("has nothing to export", "export", _directory.File("file"), "--data", _directory.File("data"));
        await FailsAsync("does not exist. Name the directory of the broker with --data DIR.", "export", _directory.File("file"), "--data", _directory.File("none"));
        await FailsAsync("With durability memory nothing is on the disk", "export", "file", "--set", "Data:Durability=Memory");
        Assert.False(File.Exists(_directory.File("file")));
    }

    [Fact]
    public async Task AFileThatCannotBeWrittenIsNamed()
    {
        Directory.CreateDirectory(_directory.File("data/sessions"));
        await FailsAsync("is a directory. Name a file.", "export", _directory.Path, "--data", _directory.File("data"));
        await FailsAsync(
            "cannot be written: ", "export", _directory.File("none/file"), "--data", _directory.File("data"));
        await File.WriteAllTextAsync(_directory.File("there"), "mine");
        await FailsAsync("exists. Choose another name, or replace it with --force.", "export", _directory.File("there"), "--data", _directory.File("data"));
        Assert.Equal("mine", await File.ReadAllTextAsync(_directory.File("there")));
    }

    [Fact]
    public async Task AFileThatIsNoExportIsNamedAndNothingIsMade()
    {
        await File.WriteAllTextAsync(_directory.File("text"), "This is not what you are looking for.");
        await FailsAsync("is not an export of GrainMQ", "import", _directory.File("text"), "--data", _directory.File("data"));
        await FailsAsync("does not exist. Name the file that 'export' wrote.", "import", _directory.File("none"), "--data", _directory.File("data"));
        await FailsAsync("cannot be read", "import", _directory.Path, "--data", _directory.File("data"));
        Assert.Equal([_directory.File("text")], Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task OptionsOfTheBrokerAreChecked()
    {
        await FailsAsync("Did you mean Grains:StoreShards?", "export", "file", "--set", "Grains:StoreShard=2");
        await FailsAsync("'--dota' is not an option. Did you mean --data?", "import", "file", "--dota=x");
        await FailsAsync("Required argument missing", "import");
        await FailsAsync("FILE: read '', expected a path.", "export", "");
        await FailsAsync("FILE: read '', expected a path.", "import", "");
        await FailsAsync("Data:Directory (--data): read '', expected a path.", "export", "file", "--data", "");
        await FailsAsync("--merge: read 'both', expected keep or replace.", "import", "file", "--merge", "both");
    }

    private static async Task FailsAsync(string words, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await GatewayCommand.RunAsync(arguments, output, error);
        Assert.Equal(1, code);
        Assert.StartsWith("grainmq: ", error.ToString(), StringComparison.Ordinal);
        Assert.Contains(words, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, error.ToString().Count(character => character == '\n'));
    }
}
