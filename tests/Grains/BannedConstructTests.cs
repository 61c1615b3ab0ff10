using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Grains;

/// <summary>
/// A grain is safe without locks because its code never leaves its activation and never blocks it. These constructs do, on one engine or the
/// other, so no grain source has them.
/// </summary>
public sealed partial class BannedConstructTests
{
    private static readonly (string Why, Regex Pattern)[] BannedWords =
    [
        ("leaves the activation", ConfigureAwaitPattern()),
        ("leaves the activation", OtherThreadPattern()),
        ("nobody awaits it", AsyncVoidPattern()),
        ("one turn runs at a time", LockPattern()),
        ("shared by the grains of one silo only", MutableStaticPattern()),
        ("data may be lost", OneWayPattern()),
    ];

    // What a text cannot tell from a property of ours: members of the framework that block or leave.
    private static readonly string[] BannedMembers =
    [
        "Task`1.get_Result", "Task.get_Result", "ValueTask`1.get_Result", "Task.Wait", "Task.WaitAll", "Task.WaitAny", "Task.Run",
        "Task.RunSynchronously", "TaskFactory.StartNew", "Monitor.Enter", "Lock.EnterScope", "Lock.Enter", "Thread..ctor", "Thread.Sleep",
        "ThreadPool.QueueUserWorkItem", "ThreadPool.UnsafeQueueUserWorkItem", "SemaphoreSlim..ctor", "Parallel.For", "Parallel.ForEach",
    ];

    [Fact]
    public void NoGrainSourceHasABannedConstruct()
    {
        var sources = SourceTree.GrainSources().ToArray();
        Assert.NotEmpty(sources);
        var found = sources.SelectMany(file => File.ReadLines(file).SelectMany((line, index) => Problems(file, line, index + 1)));
        Assert.Equal("", string.Join('\n', found));
    }

    [Fact]
    public void NoGrainCallsAMemberThatBlocksOrLeavesItsActivation() =>
        Assert.Equal("", string.Join('\n', ReferencedMembers().Intersect(BannedMembers)));

    [Theory]
    [InlineData("await task.ConfigureAwait(false);")]
    [InlineData("_ = Task.Run(() => 1);")]
    [InlineData("private async void Fire()")]
    [InlineData("        lock (_gate)")]
    [InlineData("    private static int s_count;")]
    [InlineData("    internal static List<int> All { get; set; }")]
    [InlineData("    [OneWay] Task SendAsync();")]
    public void ABannedLineIsFound(string line) => Assert.Single(Problems("X.cs", line, 1));

    [Theory]
    [InlineData("    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);")]
    [InlineData("    private const int Limit = 1;")]
    [InlineData("    public static int Of(string key) => Hash(key);")]
    [InlineData("    public static Entry Empty { get; } = new();")]
    [InlineData("using static System.Math;")]
    [InlineData("        if (reply.Result == SessionResult.Ok) Unblock(key);")]
    [InlineData("// lock (nothing), async void and Task.Run are banned")]
    public void AnAllowedLineIsNot(string line) => Assert.Empty(Problems("X.cs", line, 1));

    private static IEnumerable<string> Problems(string file, string line, int number)
    {
        var code = line.Split("//")[0];
        return BannedWords.Where(banned => banned.Pattern.IsMatch(code))
            .Select(banned => $"{Path.GetRelativePath(SourceTree.Root, file)}:{number}: {banned.Why}: {line.Trim()}");
    }

    /// <summary>Every member of another assembly that the grains' code refers to, as Type.Member.</summary>
    private static IEnumerable<string> ReferencedMembers()
    {
        using var file = new PEReader(File.OpenRead(typeof(ISessionGrain).Assembly.Location));
        var metadata = file.GetMetadataReader();
        return [.. metadata.MemberReferences.Select(metadata.GetMemberReference)
            .Select(member => $"{TypeName(metadata, member.Parent)}.{metadata.GetString(member.Name)}")];
    }

    private static string TypeName(MetadataReader metadata, EntityHandle type) => type.Kind switch
    {
        HandleKind.TypeReference => metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)type).Name),
        HandleKind.TypeSpecification => GenericName(metadata, (TypeSpecificationHandle)type),
        _ => "",
    };

    /// <summary>The open type of a constructed one: a signature that begins 0x15 (GENERICINST), 0x11 or 0x12, token.</summary>
    private static string GenericName(MetadataReader metadata, TypeSpecificationHandle handle)
    {
        var signature = metadata.GetBlobReader(metadata.GetTypeSpecification(handle).Signature);
        if (signature.ReadByte() != (byte)SignatureTypeCode.GenericTypeInstance)
        {
            return "";
        }

        signature.ReadByte();
        return TypeName(metadata, signature.ReadTypeHandle());
    }

    [GeneratedRegex(@"\bConfigureAwait\s*\(")]
    private static partial Regex ConfigureAwaitPattern();

    [GeneratedRegex(@"\b(Task\.Run|Task\.Factory|ContinueWith|new Thread|ThreadPool)\b")]
    private static partial Regex OtherThreadPattern();

    [GeneratedRegex(@"\basync\s+void\b")]
    private static partial Regex AsyncVoidPattern();

    [GeneratedRegex(@"\block\s*\(|\bnew Lock\b|\bSemaphoreSlim\b|\bMonitor\.")]
    private static partial Regex LockPattern();

    [GeneratedRegex(@"^\s*(?!using\b)(?:\[[^\]]*\]\s*)*(?:(?:public|private|protected|internal|volatile)\s+)*static\s+(?!readonly\b|partial\b|class\b|event\b)[^(={]*(?:;|=(?!>)|\{[^}]*\bset\b)")]
    private static partial Regex MutableStaticPattern();

    [GeneratedRegex(@"\bOneWay\b")]
    private static partial Regex OneWayPattern();
}
