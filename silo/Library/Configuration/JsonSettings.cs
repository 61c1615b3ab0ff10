using System.Text.Json;

using GrainMQ.Silo.Hosting;

namespace GrainMQ.Silo.Configuration;

/// <summary>
/// Reads a JSON file into settings: nested objects become <c>Section:Name</c>, lists of objects <c>Section:0:Name</c>. Comments and
/// trailing commas are allowed.
/// </summary>
internal static class JsonSettings
{
    /// <exception cref="StartupException">The file cannot be read or is not a JSON object.</exception>
    public static List<Setting> Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(
                File.ReadAllBytes(path), new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new StartupException($"Configuration file '{path}' must hold one JSON object.");
            }

            var settings = new List<Setting>();
            Flatten(document.RootElement, prefix: "", $"file '{path}'", settings);
            return settings;
        }
        catch (JsonException e)
        {
            throw new StartupException($"Configuration file '{path}' is not JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"Configuration file '{path}' cannot be read: {e.Message}", e);
        }
    }

    private static void Flatten(JsonElement element, string prefix, string origin, List<Setting> settings)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in element.EnumerateObject())
            {
                Flatten(property.Value, prefix.Length == 0 ? property.Name : $"{prefix}:{property.Name}", origin, settings);
            }
        }
        else if (element.ValueKind == JsonValueKind.Array && element.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object))
        {
            foreach (var (i, item) in element.EnumerateArray().Index())
            {
                Flatten(item, $"{prefix}:{i}", origin, settings);
            }
        }
        else
        {
            // Another list is kept as it is written; no option takes one, so the error shows it.
            settings.Add(new(prefix, element.ValueKind == JsonValueKind.Null ? "" : element.ToString(), origin));
        }
    }
}
