using System.Reflection;

namespace GrainMQ.Tests.Cluster.Contracts;

/// <summary>How much a sample has.</summary>
public enum Fill
{
    /// <summary>Zeros, empty strings and arrays; null where that is allowed.</summary>
    Least,

    /// <summary>Everything set, with values of its own, small ones.</summary>
    Some,

    /// <summary>The largest numbers, names of several bytes a character, several elements; empty arrays where null is allowed.</summary>
    Most,
}

/// <summary>Makes values of any type that a contract may have: the same ones in every run, for they are frozen as bytes.</summary>
internal static class SampleValues
{
    private static readonly NullabilityInfoContext Nullability = new();

    public static object Of(Type type, Fill fill) => Make(type, fill, 1);

    private static object Make(Type type, Fill fill, int number)
    {
        if (type.GetElementType() is { } element)
        {
            return ArrayOf(element, fill, number);
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Make(value, fill, number);
        }

        if (type.IsEnum)
        {
            return EnumOf(type, fill);
        }

        if (type == typeof(string))
        {
            return fill switch { Fill.Least => "", Fill.Some => $"text {number}", _ => $"ключ/{number}/鍵" };
        }

        if (type == typeof(bool))
        {
            return fill != Fill.Least;
        }

        if (type.IsPrimitive)
        {
            return Number(type, fill, number);
        }

        var parameters = ContractTypes.ConstructorOf(type).GetParameters();
        return ContractTypes.ConstructorOf(type).Invoke([.. parameters.Select((parameter, at) => Argument(parameter, fill, number + at))]);
    }

    private static object? Argument(ParameterInfo parameter, Fill fill, int number)
    {
        if (Nullability.Create(parameter).WriteState != NullabilityState.Nullable)
        {
            return Make(parameter.ParameterType, fill, number);
        }

        return fill switch
        {
            Fill.Least => null,
            Fill.Most when parameter.ParameterType.GetElementType() is { } element => Array.CreateInstance(element, 0),
            _ => Make(parameter.ParameterType, fill, number),
        };
    }

    private static Array ArrayOf(Type element, Fill fill, int number)
    {
        var array = Array.CreateInstance(element, fill switch { Fill.Least => 0, Fill.Some => 1, _ => 3 });
        for (var at = 0; at < array.Length; at++)
        {
            array.SetValue(Make(element, at == 1 ? Fill.Least : fill, number + at), at);
        }

        return array;
    }

    /// <summary>The first, the second, the last.</summary>
    private static object EnumOf(Type type, Fill fill)
    {
        var values = Enum.GetValues(type);
        return values.GetValue(fill switch { Fill.Least => 0, Fill.Some => 1, _ => values.Length - 1 })
            ?? throw new InvalidOperationException($"{type} has no values.");
    }

    private static object Number(Type type, Fill fill, int number) => fill switch
    {
        Fill.Most => type.GetField("MaxValue")?.GetValue(null) ?? throw new InvalidOperationException($"What is the largest {type}?"),
        Fill.Some => Convert.ChangeType(number, type),
        _ => Convert.ChangeType(0, type),
    };
}
