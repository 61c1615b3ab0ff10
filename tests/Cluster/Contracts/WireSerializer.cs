using System.Text.Encodings.Web;
using System.Text.Json;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace GrainMQ.Tests.Cluster.Contracts;

/// <summary>Orleans' serializer with the contracts, as silos and gateways have it.</summary>
internal static class WireSerializer
{
    private static readonly IServiceProvider Services = new ServiceCollection()
        .AddSerializer(serializer => serializer.AddAssembly(typeof(ISessionGrain).Assembly).AddAssembly(typeof(WireSerializer).Assembly))
        .BuildServiceProvider();

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static DeepCopier Copier { get; } = Services.GetRequiredService<DeepCopier>();

    /// <summary>With the name of the type, as a member of any type.</summary>
    public static byte[] Write(object value) => Services.GetRequiredService<Serializer>().SerializeToArray(value);

    public static object? Read(byte[] bytes) => Services.GetRequiredService<Serializer>().Deserialize<object?>(bytes);

    /// <summary>Without a name: the reader expects the type.</summary>
    public static byte[] WriteAs<T>(T value) => Services.GetRequiredService<Serializer<T>>().SerializeToArray(value);

    public static T ReadAs<T>(byte[] bytes) where T : class =>
        Services.GetRequiredService<Serializer<T>>().Deserialize(bytes) ?? throw new InvalidOperationException("The bytes are those of null.");

    /// <summary>Every member of a value, to be compared and to be shown: records compare arrays by reference.</summary>
    public static string Describe(object? value) => JsonSerializer.Serialize(value, value?.GetType() ?? typeof(object), Plain);
}
