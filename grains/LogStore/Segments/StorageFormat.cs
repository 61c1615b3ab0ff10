namespace GrainMQ.Grains.LogStore.Segments;

/// <summary>The format that docs/storage.md describes byte by byte.</summary>
internal static class StorageFormat
{
    /// <summary>Rises with every change that a reader of the version before would get wrong.</summary>
    public const int Version = 1;
}
