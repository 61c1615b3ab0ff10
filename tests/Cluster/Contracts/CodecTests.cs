using Orleans.Serialization.Invocation;
using Xunit;

namespace GrainMQ.Tests.Cluster.Contracts;

/// <summary>The real serializer over everything that a grain is sent or answers.</summary>
public sealed class CodecTests
{
    public static TheoryData<Type, Fill> Samples
    {
        get
        {
            var samples = new TheoryData<Type, Fill>();
            foreach (var type in ContractTypes.Records)
            {
                foreach (var fill in Enum.GetValues<Fill>())
                {
                    samples.Add(type, fill);
                }
            }

            return samples;
        }
    }

    public static TheoryData<Fill> Fills => [.. Enum.GetValues<Fill>()];

    [Theory]
    [MemberData(nameof(Samples))]
    public void RecordIsReadAsItWasWritten(Type type, Fill fill)
    {
        var value = SampleValues.Of(type, fill);
        var read = WireSerializer.Read(WireSerializer.Write(value));
        Assert.IsType(type, read);
        Assert.Equal(WireSerializer.Describe(value), WireSerializer.Describe(read));
    }

    /// <summary>A call inside a silo hands over the object itself: no copy of a batch with its messages.</summary>
    [Theory]
    [MemberData(nameof(Samples))]
    public void RecordIsNotCopied(Type type, Fill fill)
    {
        var value = SampleValues.Of(type, fill);
        Assert.Same(value, WireSerializer.Copier.Copy(value));
    }

    /// <summary>The rule behind it: a bare array is copied element by element at every call inside a silo.</summary>
    [Fact]
    public void ParametersAndResultsAreRecordsOrPlainValues()
    {
        var copied = ContractTypes.Exchanged.Where(type => !type.IsValueType && type != typeof(string)).Where(type =>
        {
            var value = SampleValues.Of(type, Fill.Some);
            return !ReferenceEquals(value, WireSerializer.Copier.Copy(value));
        });
        Assert.Equal("", string.Join('\n', copied));
    }

    [Theory]
    [MemberData(nameof(Fills))]
    public void RequestOfEveryMethodIsReadAsItWasWritten(Fill fill)
    {
        var requests = ContractTypes.Interfaces[0].Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IInvokable)))
            .Select(type => (IInvokable)(Activator.CreateInstance(type) ?? throw new InvalidOperationException($"No {type}.")))
            .ToArray();
        Assert.Equal(
            ContractTypes.Methods.Select(method => $"{method.DeclaringType?.Name}.{method.Name}").Order(StringComparer.Ordinal),
            requests.Select(request => $"{request.GetInterfaceType().Name}.{request.GetMethodName()}").Order(StringComparer.Ordinal));

        foreach (var request in requests)
        {
            var parameters = request.GetMethod().GetParameters();
            for (var at = 0; at < parameters.Length; at++)
            {
                request.SetArgument(at, SampleValues.Of(parameters[at].ParameterType, fill));
            }

            var read = Assert.IsAssignableFrom<IInvokable>(WireSerializer.Read(WireSerializer.Write(request)));
            Assert.Equal((request.GetInterfaceType(), request.GetMethod()), (read.GetInterfaceType(), read.GetMethod()));
            for (var at = 0; at < parameters.Length; at++)
            {
                Assert.Equal(WireSerializer.Describe(request.GetArgument(at)), WireSerializer.Describe(read.GetArgument(at)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Fills))]
    public void AnswerOfEveryMethodIsReadAsItWasWritten(Fill fill)
    {
        foreach (var result in ContractTypes.Methods.SelectMany(method => method.ReturnType.GetGenericArguments()).Distinct())
        {
            var value = SampleValues.Of(result, fill);
            var answer = typeof(Response).GetMethod(nameof(Response.FromResult))?.MakeGenericMethod(result).Invoke(null, [value]);
            var read = Assert.IsAssignableFrom<Response>(WireSerializer.Read(WireSerializer.Write(answer ?? throw new InvalidOperationException())));
            Assert.Equal(WireSerializer.Describe(value), WireSerializer.Describe(read.Result));
        }
    }
}
