using System.Reflection;
using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Grains;

/// <summary>
/// What crosses the wire of a cluster: grain interfaces and everything that can be reached from their methods. One process would not notice
/// a missing attribute or a number that changed its meaning; a cluster in the middle of an upgrade would.
/// </summary>
public sealed class ContractTests
{
    private static readonly string File = Path.Combine(SourceTree.Root, "grains", "Contracts", "contracts.txt");

    public static TheoryData<Type> Interfaces => [.. GrainInterfaces()];

    public static TheoryData<Type> Messages => [.. Reachable().Where(type => !type.IsEnum)];

    [Theory]
    [MemberData(nameof(Interfaces))]
    public void AnInterfaceAndItsMethodsHaveWireNamesAndAwaitableResults(Type type)
    {
        Assert.NotNull(AliasOf(type));
        var aliases = type.GetMethods().Select(AliasOf).ToArray();
        Assert.All(aliases, Assert.NotNull);
        Assert.Equal(aliases.Length, aliases.Distinct().Count());
        Assert.All(type.GetMethods(), method =>
        {
            Assert.True(method.ReturnType.IsAssignableTo(typeof(Task)), $"{method.Name} returns {method.ReturnType.Name}");
            Assert.False(method.IsGenericMethod, $"{method.Name} is generic");
            Assert.DoesNotContain(method.GetParameters(), parameter => parameter.ParameterType.IsByRef || parameter.ParameterType == typeof(CancellationToken));
        });
    }

    [Theory]
    [MemberData(nameof(Interfaces))]
    public void AMethodTakesAndReturnsNoBareArraysOrCollections(Type type) => // which are copied deeply at each call: a record of ours is not
        Assert.All(type.GetMethods(), method => Assert.DoesNotContain(
            method.GetParameters().Select(parameter => parameter.ParameterType).Concat(method.ReturnType.GetGenericArguments()),
            crossing => crossing != typeof(string) && crossing.IsAssignableTo(typeof(System.Collections.IEnumerable))));

    [Theory]
    [MemberData(nameof(Messages))]
    public void AMessageIsSealedImmutableAndNumbersItsMembersFromZero(Type type)
    {
        Assert.True(type.IsSealed, "sealed");
        Assert.NotNull(type.GetCustomAttribute<GenerateSerializerAttribute>());
        Assert.NotNull(type.GetCustomAttribute<ImmutableAttribute>());
        Assert.NotNull(AliasOf(type));
        Assert.All(StateOf(type), property => Assert.False(IsSettable(property), $"{property.Name} can be set"));
        Assert.Equal(Enumerable.Range(0, StateOf(type).Count()), StateOf(type).Select(property => (int)(IdOf(property) ?? uint.MaxValue)).Order());
    }

    [Fact]
    public void WireNamesAreUnique()
    {
        var names = GrainInterfaces().Concat(Reachable().Where(type => !type.IsEnum)).Select(AliasOf).ToArray();
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public void OnlyTypesThatTheClusterCanSerializeAreReachable() =>
        Assert.Equal("", string.Join('\n', Leaves().Where(type => !IsPlain(type)).Select(type => type.FullName)));

    /// <summary>
    /// Add members at the end with the next number; never change or reuse one. Then run the tests once with GRAINMQ_FREEZE_CONTRACTS=1 and
    /// read the difference of <c>grains/Contracts/contracts.txt</c> before you commit it.
    /// </summary>
    [Fact]
    public void TheContractsAreTheFrozenOnes()
    {
        var actual = Describe();
        if (Environment.GetEnvironmentVariable("GRAINMQ_FREEZE_CONTRACTS") == "1")
        {
            System.IO.File.WriteAllText(File, actual);
        }

        Assert.Equal(System.IO.File.ReadAllText(File), actual);
    }

    private static string Describe()
    {
        var lines = new List<string> { "# What crosses the wire of a cluster. Numbers and names are never changed or reused; ContractTests holds them." };
        foreach (var type in GrainInterfaces().OrderBy(AliasOf, StringComparer.Ordinal))
        {
            lines.Add($"\ninterface {AliasOf(type)}");
            lines.AddRange(type.GetMethods().Select(Describe).Order(StringComparer.Ordinal));
        }
        foreach (var type in Reachable().OrderBy(NameOf, StringComparer.Ordinal))
        {
            lines.Add($"\n{(type.IsEnum ? $"enum {Enum.GetUnderlyingType(type).Name}" : "message")} {NameOf(type)}");
            lines.AddRange(type.IsEnum
                ? Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(value => $"  {value} {Enum.ToObject(type, value)}")
                : StateOf(type).OrderBy(IdOf).Select(property => $"  {IdOf(property)} {NameOf(property.PropertyType)} {property.Name}"));
        }
        return string.Join('\n', lines) + "\n";
    }

    private static string Describe(MethodInfo method) =>
        $"  {AliasOf(method)}({string.Join(", ", method.GetParameters().Select(parameter => NameOf(parameter.ParameterType)))}) {NameOf(method.ReturnType)}";

    private static string NameOf(Type type)
    {
        if (type.IsArray)
        {
            return $"{NameOf(type.GetElementType()!)}[]"; // an array has one
        }

        if (!type.IsGenericType)
        {
            return AliasOf(type) ?? type.Name;
        }

        return $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
    }

    private static IEnumerable<Type> GrainInterfaces() =>
        typeof(ISessionGrain).Assembly.GetTypes().Where(type => type.IsInterface && type.IsAssignableTo(typeof(IAddressable)));

    /// <summary>Our own records and enums behind the methods.</summary>
    private static IEnumerable<Type> Reachable() => AllTypes().Where(IsOurs).OrderBy(type => type.Name, StringComparer.Ordinal);

    /// <summary>What they are made of in the end.</summary>
    private static IEnumerable<Type> Leaves() => AllTypes().Where(type => !IsOurs(type));

    private static HashSet<Type> AllTypes()
    {
        var all = new HashSet<Type>();
        foreach (var method in GrainInterfaces().SelectMany(type => type.GetMethods()))
        {
            foreach (var parameter in method.GetParameters())
            {
                Visit(parameter.ParameterType, all);
            }

            foreach (var result in method.ReturnType.GetGenericArguments())
            {
                Visit(result, all);
            }
        }
        return all;
    }

    private static void Visit(Type type, HashSet<Type> all)
    {
        if (type.IsArray)
        {
            Visit(type.GetElementType()!, all); // an array has one
        }
        else if (Nullable.GetUnderlyingType(type) is { } value)
        {
            Visit(value, all);
        }
        else if (all.Add(type) && IsOurs(type) && !type.IsEnum)
        {
            foreach (var property in StateOf(type))
            {
                Visit(property.PropertyType, all);
            }
        }
    }

    /// <summary>What a record stores; a property that is computed has no field behind it.</summary>
    private static IEnumerable<PropertyInfo> StateOf(Type type) =>
        type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(property => type.GetField($"<{property.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic) is not null);

    private static bool IsSettable(PropertyInfo property) =>
        property.SetMethod is { } setter
        && !setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(System.Runtime.CompilerServices.IsExternalInit));

    private static bool IsOurs(Type type) => type.Assembly == typeof(ISessionGrain).Assembly && !type.IsInterface;

    private static bool IsPlain(Type type) =>
        type.IsPrimitive || type == typeof(string) || type == typeof(decimal) || type == typeof(Guid) || type == typeof(TimeSpan)
        || type == typeof(DateTimeOffset) || type.IsInterface && type.IsAssignableTo(typeof(IAddressable));

    private static uint? IdOf(PropertyInfo property) => property.GetCustomAttribute<IdAttribute>()?.Id;

    private static string? AliasOf(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>()?.Alias;
}
