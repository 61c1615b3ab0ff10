using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace GrainMQ.Tests.Simulation;

/// <summary>A hash of everything that can be reached from a value: bytes, elements, the fields of records.</summary>
internal static class DeepHash
{
    private static readonly ConcurrentDictionary<Type, FieldInfo[]> Fields = new();

    public static ulong Of(object? root) => Add(Fnv.Offset, root, new HashSet<object>(ReferenceEqualityComparer.Instance));

    private static ulong Add(ulong hash, object? value, HashSet<object> seen)
    {
        switch (value)
        {
            case null: return Fnv.Add(hash, 0);
            case string text: return Fnv.Hash(text, hash);
            case byte[] bytes: return Fnv.Hash(bytes, Fnv.Add(hash, (ulong)bytes.Length));
            case ReadOnlyMemory<byte> memory: return Fnv.Hash(memory.Span, Fnv.Add(hash, (ulong)memory.Length));
            case Memory<byte> memory: return Fnv.Hash(memory.Span, Fnv.Add(hash, (ulong)memory.Length));
            case IAddressable or Delegate or Type: return Fnv.Add(hash, (ulong)RuntimeHelpers.GetHashCode(value));
        }
        var type = value.GetType();
        if (IsLeaf(type))
        {
            return Fnv.Add(hash, (ulong)value.GetHashCode());
        }

        if (!type.IsValueType && !seen.Add(value))
        {
            return hash;
        }

        if (value is IEnumerable elements)
        {
            return AddElements(hash, elements, seen);
        }

        return FieldsOf(type).Aggregate(hash, (sum, field) => Add(sum, field.GetValue(value), seen));
    }

    private static ulong AddElements(ulong hash, IEnumerable elements, HashSet<object> seen)
    {
        var count = 0UL;
        foreach (var element in elements)
        {
            hash = Add(hash, element, seen);
            count++;
        }
        return Fnv.Add(hash, count);
    }

    private static bool IsLeaf(Type type) =>
        type.IsPrimitive || type.IsEnum || type == typeof(decimal) || type == typeof(DateTime) || type == typeof(DateTimeOffset)
        || type == typeof(TimeSpan) || type == typeof(Guid) || type == typeof(UInt128) || type == typeof(Int128);

    private static FieldInfo[] FieldsOf(Type type) => Fields.GetOrAdd(type, static key => AllFields(key).ToArray());

    /// <summary>Private fields of base classes are not inherited, so every level is asked.</summary>
    private static IEnumerable<FieldInfo> AllFields(Type? type)
    {
        for (; type is not null && type != typeof(object); type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                yield return field;
            }
        }
    }
}
