using System.Reflection;
using System.Reflection.Emit;
using GrainMQ.Gateway.Routing;
using Xunit;

namespace GrainMQ.Tests.Unit;

/// <summary>
/// The rooms of the gateway know each other in one direction only: read from the compiled assembly (base types, interfaces, fields, signatures,
/// generic arguments, locals and the members that method bodies use), not from the text. Constants, which the compiler copies, are not seen.
/// </summary>
public sealed class DirectionsTests
{
    private const string Root = "GrainMQ.Gateway.";

    /// <summary>The way of a message, lower rooms first: each may use those before it. Routing, Messages and StoreLink know no session.</summary>
    private static readonly string[] Ladder =
        ["Protocol", "Transports", "Routing", "Messages", "Connections", "StoreLink", "Sessions", "Delivery", "Handlers"];

    /// <summary>What each room uses beyond that; for a room beside the ladder, all that it uses. Hosting puts everything together and may use all.</summary>
    private static readonly Dictionary<string, string[]> Beside = new()
    {
        ["Logging"] = [],
        ["Files"] = [],
        ["Security"] = ["Protocol", "Transports", "Files"],
        ["Listeners"] = ["Protocol", "Transports", "Connections", "Files", "Logging"],
        ["Configuration"] = ["Connections", "Delivery", "Files", "Listeners", "Security"],
        ["Backup"] = ["Configuration", "Connections", "Messages", "Protocol"],
        ["Connections"] = ["Security"], // what CONNECT and AUTH have settled about the client
        ["StoreLink"] = ["Logging"],
        ["Handlers"] = ["Security"],
    };

    /// <summary>Arrows against the table, each with the reason why it stays for now.</summary>
    private static readonly Dictionary<(string From, string To), string> Exceptions = [];

    private static readonly Dictionary<short, OpCode> ByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(static field => (OpCode)field.GetValue(null)!) // all fields of OpCodes are op codes
        .ToDictionary(static code => code.Value);

    [Fact]
    public void RoomsUseOnlyWhatTheTableAllows()
    {
        var arrows = Uses().ToLookup(static use => (use.From, use.To), static use => use.Example);
        var forbidden = arrows.Where(static arrow => !IsAllowed(arrow.Key.From, arrow.Key.To)).ToArray();
        var text = string.Join("\n", forbidden.Where(static arrow => !Exceptions.ContainsKey(arrow.Key))
            .Select(static arrow => $"{arrow.Key.From} -> {arrow.Key.To}: {string.Join(", ", arrow.Distinct())}").Order());

        Assert.True(text.Length == 0, text);
        Assert.Empty(Exceptions.Keys.Except(forbidden.Select(static arrow => arrow.Key))); // those are gone: take them out
    }

    private static bool IsAllowed(string from, string to)
    {
        if (from is "Hosting" or "" || Beside.GetValueOrDefault(from, []).Contains(to))
        {
            return true;
        }

        var place = Array.IndexOf(Ladder, from);
        Assert.True(place >= 0 || Beside.ContainsKey(from), $"{from} is not in the table.");
        return place > Array.IndexOf(Ladder, to) && Ladder.Contains(to);
    }

    private static IEnumerable<(string From, string To, string Example)> Uses()
    {
        foreach (var type in typeof(Router).Assembly.GetTypes())
        {
            var from = RoomOf(type);
            if (from is null)
            {
                continue;
            }

            foreach (var used in TypesUsedBy(type).SelectMany(Flatten))
            {
                if (RoomOf(used) is { } to && to != from)
                {
                    yield return (from, to, $"{NameOf(type)} uses {NameOf(used)}");
                }
            }
        }
    }

    private static IEnumerable<Type> TypesUsedBy(Type type)
    {
        const BindingFlags own = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        Type?[] parents = [type.BaseType, .. type.GetInterfaces(), .. type.GetGenericArguments().SelectMany(static argument => argument.GetGenericParameterConstraints())];
        var fields = type.GetFields(own).Select(static field => field.FieldType);
        MethodBase[] methods = [.. type.GetMethods(own), .. type.GetConstructors(own)];
        return [.. parents.OfType<Type>(), .. fields, .. methods.SelectMany(TypesUsedBy)];
    }

    private static IEnumerable<Type> TypesUsedBy(MethodBase method)
    {
        var result = method is MethodInfo { ReturnType: var type } ? [type] : Type.EmptyTypes;
        var parameters = method.GetParameters().Select(static parameter => parameter.ParameterType);
        var locals = method.GetMethodBody()?.LocalVariables.Select(static local => local.LocalType) ?? [];
        return [.. result, .. parameters, .. locals, .. MembersUsedBy(method).SelectMany(TypesOf)];
    }

    private static IEnumerable<Type> TypesOf(MemberInfo member) => member switch
    {
        Type type => [type],
        FieldInfo field => [field.FieldType, .. Declaring(field)],
        MethodInfo method => [method.ReturnType, .. method.GetGenericArguments(), .. Declaring(method)],
        _ => Declaring(member),
    };

    private static Type[] Declaring(MemberInfo member) => member.DeclaringType is { } type ? [type] : [];

    private static IEnumerable<MemberInfo> MembersUsedBy(MethodBase method)
    {
        var il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        var typeArguments = method.DeclaringType?.GetGenericArguments();
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < il.Length;)
        {
            var code = ByValue[il[at] == 0xFE ? (short)(0xFE00 | il[at + 1]) : il[at]];
            at += code.Size;
            if (code.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType
                && method.Module.ResolveMember(BitConverter.ToInt32(il, at), typeArguments, methodArguments) is { } member)
            {
                yield return member;
            }

            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
                _ => 4,
            };
        }
    }

    private static IEnumerable<Type> Flatten(Type type)
    {
        if (type.HasElementType)
        {
            return Flatten(type.GetElementType()!); // HasElementType
        }

        return type.IsGenericType ? [type, .. type.GetGenericArguments().SelectMany(Flatten)] : [type];
    }

    /// <summary>Null for what is not the gateway's; empty for its entry point.</summary>
    private static string? RoomOf(Type type) =>
        type.Assembly != typeof(Router).Assembly || type.Namespace is not { } space || !space.StartsWith("GrainMQ.Gateway", StringComparison.Ordinal)
            ? null
            : space.Length < Root.Length ? "" : space[Root.Length..].Split('.')[0];

    private static string NameOf(Type type) => type.DeclaringType is { } outer ? NameOf(outer) : type.Name;
}
