namespace GrainMQ.Tests.Grains;

/// <summary>The repository that the tests were built from.</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>The grains' own sources, without what a build writes. The storage is no grain: it waits for the disk on its own threads.</summary>
    public static IEnumerable<string> GrainSources() =>
        System.IO.Directory.EnumerateFiles(Path.Combine(Root, "grains"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Root, file).Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin" or "Storage"));

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
