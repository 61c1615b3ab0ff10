using System.Reflection;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Tests.Cluster.Contracts;

/// <summary>What crosses the wire: the grain interfaces, and every record of ours that can be reached from their methods.</summary>
internal static class ContractTypes
{
    public static IReadOnlyList<Type> Interfaces { get; } =
        [.. typeof(ISessionGrain).Assembly.GetTypes().Where(type => type.IsInterface && type.IsAssignableTo(typeof(IAddressable)))];

    public static IReadOnlyList<MethodInfo> Methods { get; } = [.. Interfaces.SelectMany(type => type.GetMethods())];

    /// <summary>Parameters and results, as they are declared.</summary>
    public static IReadOnlyList<Type> Exchanged { get; } = [.. Methods
        .SelectMany(method => method.GetParameters().Select(parameter => parameter.ParameterType).Concat(method.ReturnType.GetGenericArguments()))
        .Distinct()];

    public static IReadOnlyList<Type> Records { get; } = [.. Reachable().OrderBy(AliasOf, StringComparer.Ordinal)];

    public static string AliasOf(Type type) =>
        type.GetCustomAttribute<AliasAttribute>()?.Alias ?? throw new InvalidOperationException($"{type} has no alias.");

    /// <summary>The constructor that sets everything, in the order of the members.</summary>
    public static ConstructorInfo ConstructorOf(Type record) =>
        record.GetConstructors().MaxBy(constructor => constructor.GetParameters().Length)
        ?? throw new InvalidOperationException($"{record} has no public constructor.");

    private static HashSet<Type> Reachable()
    {
        var found = new HashSet<Type>();
        foreach (var type in Exchanged)
        {
            Visit(type, found);
        }

        return found;
    }

    private static void Visit(Type type, HashSet<Type> found)
    {
        if (type.GetElementType() is { } element)
        {
            Visit(element, found);
        }
        else if (Nullable.GetUnderlyingType(type) is { } value)
        {
            Visit(value, found);
        }
        else if (type.IsClass && type.Assembly == typeof(ISessionGrain).Assembly && found.Add(type))
        {
            foreach (var parameter in ConstructorOf(type).GetParameters())
            {
                Visit(parameter.ParameterType, found);
            }
        }
    }
}
