using System.CommandLine;
using GrainMQ.Gateway.Security;
using GrainMQ.Silo.Hosting;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace GrainMQ.Tests.Unit.Security;

public sealed class PasswordFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly RecordingLoggerProvider _log = new();
    private readonly ManualTimeProvider _time = new();

    private string Path => _directory.File("users");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void UsersAreReadAndCommentsAreNot()
    {
        File.WriteAllText(Path, $"# users\n\nalice:{ScramVerifierTests.Pencil}\r\nurn:dev:7:{ScramVerifierTests.Pencil}\n");
        Assert.True(PasswordFile.TryRead(Path, out var users, out _));
        Assert.Equal(["alice", "urn:dev:7"], users.Keys);
    }

    [Theory]
    [InlineData("alice:secret", "line 2: it is not USER:SCRAM-SHA-256$")]
    [InlineData("alice:SCRAM-SHA-256$1:x", "line 2: the verifier is not")]
    [InlineData(":" + ScramVerifierTests.Pencil, "line 2: a user name has at least one character")]
    [InlineData("first:" + ScramVerifierTests.Pencil, "line 2: the user 'first' is there a second time")]
    public void MalformedLineIsNamedWithItsCure(string line, string cause)
    {
        File.WriteAllText(Path, $"first:{ScramVerifierTests.Pencil}\n{line}\n");
        var failure = Assert.Throws<StartupException>(Watch);
        Assert.Contains(cause, failure.Message, StringComparison.Ordinal);
        Assert.Contains($"gateway passwd {Path} USER", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public void MissingFileIsAStartUpError()
    {
        var failure = Assert.Throws<StartupException>(Watch);
        Assert.Contains($"password file '{Path}' does not exist. Add a first user:", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ChangesAreReadAndMistakesAreNot()
    {
        Assert.Equal(0, Passwd("pencil", "alice"));
        using var watch = Watch();
        Assert.True(watch.Users.Find("alice").IsKnown);
        Assert.False(watch.Users.Find("bob").IsKnown);

        Assert.Equal(0, Passwd("other", "bob"));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(watch.Users.Find("bob").Verifier.Matches("other"u8));

        File.AppendAllText(Path, "nonsense\n");
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(watch.Users.Find("bob").IsKnown);
        Assert.Single(_log.Lines, line => line is { EventId: 1141, Level: LogLevel.Error });

        File.Delete(Path);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(watch.Users.Find("bob").IsKnown);
        Assert.Equal(2, _log.Lines.Count(line => line.EventId == 1141));
    }

    [Fact]
    public void CommandSetsReplacesAndRemovesAUser()
    {
        File.WriteAllText(Path, "# kept\n");
        Assert.Equal(0, Passwd("one", "alice"));
        Assert.Equal(0, Passwd("two", "bob", "--iterations", "5000"));
        Assert.Equal(0, Passwd("three", "alice"));
        Assert.True(PasswordFile.TryRead(Path, out var users, out _));
        Assert.True(users["alice"].Matches("three"u8));
        Assert.Equal(5000, users["bob"].Iterations);
        Assert.Equal("# kept", File.ReadLines(Path).First());

        Assert.Equal(0, Passwd("", "alice", "--delete"));
        Assert.Equal(1, Passwd("", "alice", "--delete"));
        Assert.True(PasswordFile.TryRead(Path, out users, out _));
        Assert.Equal(["bob"], users.Keys);
        Assert.Equal([Path], Directory.GetFiles(System.IO.Path.GetDirectoryName(Path)!)); // no draft stays
    }

    [Fact]
    public void FileIsItsOwnersAloneAndKeepsTheRightsItHas()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has other rights");
            return;
        }

        Assert.Equal(0, Passwd("one", "alice"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        File.CreateSymbolicLink(_directory.File("link"), Path);
        Assert.Equal(0, Run("two\n", "passwd", _directory.File("link"), "bob"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(Path));
        Assert.True(PasswordFile.TryRead(Path, out var users, out _));
        Assert.Equal(2, users.Count);
    }

    [Theory]
    [InlineData("", "alice")] // no password
    [InlineData("p\n", "")]
    [InlineData("p\n", "#alice")]
    [InlineData("p\n", "al\tice")]
    [InlineData("p\n", "alice", "--iterations", "0")]
    public void CommandRefusesWhatTheFileCannotSay(string input, params string[] arguments)
    {
        Assert.Equal(1, Run(input, ["passwd", Path, .. arguments]));
        Assert.False(File.Exists(Path));
    }

    private PasswordFileWatch Watch() =>
        new(new SecurityOptions { PasswordFile = Path }, _time, new LoggerFactory([_log]).CreateLogger<PasswordFileWatch>());

    private int Passwd(string password, params string[] arguments) => Run($"{password}\n", ["passwd", Path, .. arguments]);

    private static int Run(string input, params string[] arguments)
    {
        var root = new RootCommand { PasswordCommand.Create(new StringReader(input)) };
        return root.Parse(arguments).Invoke(new InvocationConfiguration { Output = TextWriter.Null, Error = TextWriter.Null });
    }
}
