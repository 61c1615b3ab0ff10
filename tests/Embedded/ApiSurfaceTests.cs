using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans;
using Xunit;

namespace GrainMQ.Tests.Embedded;

/// <summary>
/// Grain code must compile against the cluster packages too. What it can use here is what those have: nothing else, and nothing less than
/// <c>api-surface.txt</c> says.
/// </summary>
public sealed class ApiSurfaceTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public void TheEngineHasExactlyThePinnedSurface()
    {
        var expected = Pinned().ToArray();
        var actual = typeof(Grain).Assembly.GetExportedTypes().Where(IsOrleans).SelectMany(Describe).ToArray();
        var missing = expected.Except(actual).Select(line => $"missing: {line}");
        var surplus = actual.Except(expected).Select(line => $"not pinned: {line}");
        Assert.Equal("", string.Join('\n', missing.Concat(surplus)));
    }

    /// <summary>Each member line with its type in front, so that equal members of two types differ.</summary>
    private static IEnumerable<string> Pinned()
    {
        using var reader = new StreamReader(typeof(ApiSurfaceTests).Assembly.GetManifestResourceStream("api-surface.txt")!); // embedded by the project
        var type = "";
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#') continue;
            if (line[0] != ' ') type = line.Split(' ')[0];
            yield return line[0] == ' ' ? $"{type}: {line.Trim()}" : line;
        }
    }

    private static bool IsOrleans(Type type) => type.Namespace is { } name && (name == "Orleans" || name.StartsWith("Orleans.", StringComparison.Ordinal));

    private static IEnumerable<string> Describe(Type type)
    {
        yield return $"{type.FullName} : {string.Join(' ', Kind(type).Concat(type.IsEnum ? [] : Interfaces(type)))}";
        foreach (var member in type.GetMembers(Declared).Select(Describe).OfType<string>()) yield return $"{type.FullName}: {member}";
    }

    private static IEnumerable<string> Kind(Type type)
    {
        if (type.IsEnum) return ["enum", Enum.GetUnderlyingType(type).Name];
        if (type.IsInterface) return ["interface"];
        if (type.IsValueType) return ["struct"];
        if (type is { IsAbstract: true, IsSealed: true }) return ["class", "static"];
        return type.IsAbstract ? ["class", "abstract"] : type.IsSealed ? ["class", "sealed"] : ["class"];
    }

    /// <summary>Those that it adds itself.</summary>
    private static IEnumerable<string> Interfaces(Type type) =>
        type.GetInterfaces().Where(one => !type.GetInterfaces().Any(other => other != one && other.IsAssignableTo(one))).Select(one => one.Name);

    private static string? Describe(MemberInfo member) => member switch
    {
        FieldInfo { IsSpecialName: true } => null,
        FieldInfo { IsPublic: true, IsLiteral: true } constant => $"{constant.Name} = {Convert.ToInt32(constant.GetRawConstantValue())}",
        FieldInfo { IsPublic: true } field => $"{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{field.FieldType.Name} {field.Name}",
        ConstructorInfo { IsStatic: false } constructor when Access(constructor) is { } access => $"{access}new({Parameters(constructor)})",
        PropertyInfo property when Access(property.GetMethod!) is { } access => Describe(property, access), // none is write-only
        MethodInfo { IsSpecialName: false } method when Access(method) is { } access => Describe(method, access),
        _ => null,
    };

    private static string Describe(PropertyInfo property, string access)
    {
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        var set = property.SetMethod is not { IsPublic: true } setter ? "" : setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init " : "set ";
        return $"{access}{required}{property.PropertyType.Name} {property.Name} {{ get {set}}}";
    }

    private static string Describe(MethodInfo method, string access)
    {
        var kind = method.IsStatic ? "static " : method.IsAbstract ? "abstract " : method.IsVirtual && method.GetBaseDefinition() == method ? "virtual " : "";
        var arguments = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
        var constraints = method.GetGenericArguments().SelectMany(argument => argument.GetGenericParameterConstraints()).Select(Name).ToArray();
        var where = constraints.Length == 0 ? "" : $" where {string.Join(", ", constraints)}";
        return $"{access}{kind}{Name(method.ReturnType)} {method.Name}{arguments}({Parameters(method)}){where}";
    }

    /// <summary>Null = not visible to a grain.</summary>
    private static string? Access(MethodBase method) =>
        method.IsPublic ? "" : method.IsFamily ? "protected " : method.IsFamilyOrAssembly ? "protected internal " : null;

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "null"}" : "")}"));

    private static string Name(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.Name;
}
