namespace GrainMQ.Tests.Grains;

/// <summary>The repository that the tests were built from.</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>Yields the grains' sources, without build output. Journals and logs are no grain code: they wait for the disk on threads of their own.</summary>
    public static IEnumerable<string> GrainSources() =>
        System.IO.Directory.EnumerateFiles(Path.Combine(Root, "grains"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Root, file).Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin" or "Journals" or "LogStore"));

    private static string FindRoot(DirectoryInfo? directory)
    {
        for (; directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Orleans.sln")))
            {
                return directory.FullName;
            }
        }
        throw new DirectoryNotFoundException("These tests read the sources: run them from a build inside the repository.");
    }
}
