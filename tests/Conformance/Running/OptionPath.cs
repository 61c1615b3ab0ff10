using System.Globalization;
using System.Reflection;
using System.Text.Json;
using GrainMQ.Gateway.Configuration;

namespace GrainMQ.Tests.Conformance.Running;

/// <summary>Sets a gateway option by its configuration path: <c>Connections:MaximumQoS</c>.</summary>
internal static class OptionPath
{
    public static void Set(GatewayOptions options, string path, JsonElement value)
    {
        object section = options;
        var names = path.Split(':');
        foreach (var name in names[..^1])
        {
            section = Property(section, name).GetValue(section) ?? throw new FormatException($"{name} of {path} is null.");
        }

        var property = Property(section, names[^1]);
        property.SetValue(section, Value(value, property.PropertyType));
    }

    private static PropertyInfo Property(object section, string name) =>
        section.GetType().GetProperty(name) ?? throw new FormatException($"{section.GetType().Name} has no option {name}.");

    private static object? Value(JsonElement value, Type type)
    {
        if (type == typeof(TimeSpan))
        {
            return TimeSpan.Parse(value.GetString() ?? "", CultureInfo.InvariantCulture);
        }

        if (type.IsEnum)
        {
            return Enum.Parse(type, value.GetString() ?? "");
        }

        return value.Deserialize(type);
    }
}
