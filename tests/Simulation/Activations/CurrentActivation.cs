using System.Reflection;

namespace GrainMQ.Tests.Simulation;

/// <summary>
/// Where a grain's constructor and a grain call find the activation whose turn it is. Orleans keeps that internal
/// (<c>Orleans.Runtime.RuntimeContext</c>), and this file is the only one that knows it.
/// </summary>
internal static class CurrentActivation
{
    private static readonly Type Context = typeof(Grain).Assembly.GetType("Orleans.Runtime.RuntimeContext", throwOnError: true)!;
    private static readonly Setter Set = Method("SetExecutionContext").CreateDelegate<Setter>();
    private static readonly Action<IGrainContext?> Reset = Method("ResetExecutionContext").CreateDelegate<Action<IGrainContext?>>();
    private static readonly Func<IGrainContext?> Get = Method("get_Current").CreateDelegate<Func<IGrainContext?>>();

    private delegate void Setter(IGrainContext? next, out IGrainContext? before);

    /// <summary>Null outside of grains.</summary>
    public static Activation? Value => Get() as Activation;

    public static void Enter(IGrainContext? context, out IGrainContext? before) => Set(context, out before);

    public static void Leave(IGrainContext? before) => Reset(before);

    private static MethodInfo Method(string name) =>
        Context.GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        ?? throw new MissingMethodException(Context.FullName, name);
}
