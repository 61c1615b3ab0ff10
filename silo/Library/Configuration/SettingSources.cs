using System.Text.Json;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace GrainMQ.Silo.Configuration;

/// <summary>Reads settings with the providers of Microsoft.Extensions.Configuration and notes where each one was written.</summary>
internal static class SettingSources
{
    private const string Prefix = "GRAINMQ__";

    /// <summary>
    /// Reads a JSON file in the order in which it is written: nested objects become <c>Section:Name</c>, lists of objects <c>Section:0:Name</c>.
    /// Comments, trailing commas and a byte order mark are allowed; a key that is given twice is not.
    /// </summary>
    /// <exception cref="StartupException">The file cannot be read or is not a JSON object.</exception>
    public static IEnumerable<Setting> File(string path)
    {
        if (path.Length == 0)
        {
            throw new StartupException("--config: read '', expected a path.");
        }

        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read);
            var file = new JsonFile(new JsonStreamConfigurationSource { Stream = stream });
            file.Load();
            return Settings(file.Values, $"file '{path}'");
        }
        catch (FormatException e)
        {
            var fault = e.Message.Split('\'') is ["A duplicate key ", var key, ..] ? $"has the key {key} twice. Remove one of the two." : "must hold one JSON object.";
            throw new StartupException($"Configuration file '{path}' {fault}", e);
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

    /// <summary>
    /// Reads <c>GRAINMQ__Section__Name</c>, ordered by name. Variables with one underscore are not ours: Kubernetes sets <c>GRAINMQ_PORT</c> and
    /// the like for a service of that name.
    /// </summary>
    public static IEnumerable<Setting> Environment()
    {
        var variables = new ConfigurationRoot([new EnvironmentVariablesConfigurationProvider(Prefix)]).AsEnumerable();
        return from variable in variables
               where variable.Value is not null // a section, not a variable
               orderby variable.Key
               select new Setting(variable.Key, variable.Value, $"environment variable {Prefix}{variable.Key.Replace(":", "__")}");
    }

    // A list of plain values is told as one value: no option takes a list, so the error shows it.
    private static IEnumerable<Setting> Settings(IEnumerable<KeyValuePair<string, string?>> values, string origin) =>
        from value in values
        let list = value.Value is null ? null : ListOf(value.Key)
        group value.Value by (Key: list ?? value.Key, IsList: list is not null) into same
        select new Setting(same.Key.Key, same.Key.IsList ? $"[{string.Join(", ", same.Select(item => $"\"{item}\""))}]" : same.Single(), origin);

    // Of Section:Name:0 it is Section:Name; null when the key is not numbered.
    private static string? ListOf(string key) =>
        key.LastIndexOf(':') is > 0 and var colon && int.TryParse(key.AsSpan(colon + 1), out _) ? key[..colon] : null;

    private sealed class JsonFile(JsonStreamConfigurationSource source) : JsonStreamConfigurationProvider(source)
    {
        // In the order of the file, which IConfiguration does not keep: listeners of one kind take addresses in that order.
        public IEnumerable<KeyValuePair<string, string?>> Values => Data;
    }
}
