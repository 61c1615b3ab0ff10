using System.Collections;

namespace GrainMQ.Silo.Configuration;

/// <summary>
/// Reads <c>GRAINMQ__Section__Name</c>. Variables with one underscore are not ours: Kubernetes sets <c>GRAINMQ_PORT</c> and the
/// like for a service of that name.
/// </summary>
internal static class EnvironmentSettings
{
    private const string Prefix = "GRAINMQ__";

    public static IEnumerable<Setting> Read(IDictionary variables) =>
        from entry in variables.Cast<DictionaryEntry>()
        let name = (string)entry.Key
        where name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
        orderby name
        select new Setting(name[Prefix.Length..].Replace("__", ":"), (string?)entry.Value ?? "", $"environment variable {name}");
}
