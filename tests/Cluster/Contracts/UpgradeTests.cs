using System.Reflection;
using Xunit;

namespace GrainMQ.Tests.Cluster.Contracts;

/// <summary>Two versions of a record in one cluster: neither may trip over the other's bytes.</summary>
public sealed class UpgradeTests
{
    [Fact]
    public void OldBytesAreReadWithAddedMembersAtTheDefaultsOfTheirTypes()
    {
        var old = WireSerializer.WriteAs(new ProbeOfOneVersion("key", [1, 2]));
        var read = WireSerializer.ReadAs<ProbeOfTheNext>(old);
        Assert.Equal("key", read.Key);
        Assert.Equal([1, 2], read.Numbers);
        Assert.Equal(new ProbeOfTheNext(read.Key, read.Numbers), read);
    }

    [Fact]
    public void NewBytesAreReadWithoutTheAddedMembers()
    {
        var inner = new ProbeOfOneVersion("inner", [3]);
        var read = WireSerializer.ReadAs<ProbeOfOneVersion>(WireSerializer.WriteAs(new ProbeOfTheNext("key", [1, 2], 7, true, "text", inner)));
        Assert.Equal("key", read.Key);
        Assert.Equal([1, 2], read.Numbers);
    }

    /// <summary>An element of an array, between others: what is skipped must end where it ends.</summary>
    [Fact]
    public void NewBytesInsideOthersAreReadWithoutTheAddedMembers()
    {
        ProbeOfTheNext[] written = [new("a", [1], 7, true, "text", new ProbeOfOneVersion("inner", [])), new("b", [2])];
        var read = WireSerializer.ReadAs<ProbesOfOneVersion>(WireSerializer.WriteAs(new ProbesOfTheNext(written, 9)));
        Assert.Equal(["a", "b"], read.Probes.Select(probe => probe.Key));
        Assert.Equal(9, read.Last);
    }

    /// <summary>Nothing runs a constructor for members that old bytes do not have: a default of its own would never be seen there.</summary>
    [Fact]
    public void DefaultOfAnAddedMemberIsThatOfItsType()
    {
        var strange = ContractTypes.Records
            .SelectMany(type => ContractTypes.ConstructorOf(type).GetParameters(), (type, parameter) => (Type: type, Parameter: parameter))
            .Where(member => member.Parameter.HasDefaultValue && !IsDefault(member.Parameter));
        Assert.Equal("", string.Join('\n', strange.Select(member => $"{member.Type.Name}.{member.Parameter.Name}")));
    }

    private static bool IsDefault(ParameterInfo parameter) => parameter.DefaultValue is not { } value
        || (parameter.ParameterType.IsValueType && value.Equals(Activator.CreateInstance(parameter.ParameterType)));
}

[GenerateSerializer, Immutable, Alias("GrainMQ.Tests.ProbeOfOneVersion")]
internal sealed record ProbeOfOneVersion([property: Id(0)] string Key, [property: Id(1)] int[] Numbers);

/// <summary>With more members.</summary>
[GenerateSerializer, Immutable, Alias("GrainMQ.Tests.ProbeOfTheNext")]
internal sealed record ProbeOfTheNext(
    [property: Id(0)] string Key,
    [property: Id(1)] int[] Numbers,
    [property: Id(2)] int Count = 0,
    [property: Id(3)] bool Flag = false,
    [property: Id(4)] string? Text = null,
    [property: Id(5)] ProbeOfOneVersion? Inner = null);

[GenerateSerializer, Immutable, Alias("GrainMQ.Tests.ProbesOfOneVersion")]
internal sealed record ProbesOfOneVersion([property: Id(0)] ProbeOfOneVersion[] Probes, [property: Id(1)] int Last);

[GenerateSerializer, Immutable, Alias("GrainMQ.Tests.ProbesOfTheNext")]
internal sealed record ProbesOfTheNext([property: Id(0)] ProbeOfTheNext[] Probes, [property: Id(1)] int Last);
