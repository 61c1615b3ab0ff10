using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Orleans.Concurrency;

namespace GrainMQ.Silo.Embedded;

internal delegate GrainReference ReferenceFactory(EmbeddedCluster cluster, GrainId id, Activation? observer);

/// <summary>
/// Writes, at the first use of an interface, one reference class and one call class per method:
/// <code>
/// class IFoo.Bar#0 : GrainCall&lt;int&gt; { string a0; byte[] a1; Invoke(target) => ((IFoo)target).Bar(a0, a1); }
/// class IFoo.Reference : GrainReference, IFoo { Bar(a, b) => (Task&lt;int&gt;)Send(new IFoo.Bar#0 { a0 = a, a1 = b }); }
/// </code>
/// so that a call is two objects (itself and its task) and no reflection.
/// </summary>
internal static class ProxyBuilder
{
    private const MethodAttributes Override =
        MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.HideBySig;

    private const MethodAttributes Implement = Override | MethodAttributes.Final | MethodAttributes.NewSlot;

    private static readonly ConcurrentDictionary<Type, ReferenceFactory> Factories = new();
    private static readonly Dictionary<Assembly, ModuleBuilder> Modules = [];
    private static readonly Lock BuildLock = new();

    private static readonly Type[] ReferenceParameters = [typeof(EmbeddedCluster), typeof(GrainId), typeof(Activation)];
    private static readonly ConstructorInfo ReferenceConstructor = ConstructorOf(typeof(GrainReference), ReferenceParameters);
    private static readonly MethodInfo Send = MethodOf(typeof(GrainReference), "Send");
    private static readonly MethodInfo Invoke = MethodOf(typeof(Request), "Invoke");
    private static readonly MethodInfo Name = MethodOf(typeof(Request), "get_Name");
    private static readonly MethodInfo Interleaves = MethodOf(typeof(Request), "get_Interleaves");

    /// <exception cref="NotSupportedException">A method is not callable from another process.</exception>
    public static ReferenceFactory For(Type grainInterface) =>
        Factories.TryGetValue(grainInterface, out var factory) ? factory : Build(grainInterface);

    private static ReferenceFactory Build(Type grainInterface)
    {
        lock (BuildLock)
        {
            if (Factories.TryGetValue(grainInterface, out var built)) return built;
            return Factories[grainInterface] = BuildReference(ModuleFor(grainInterface.Assembly), grainInterface);
        }
    }

    private static ReferenceFactory BuildReference(ModuleBuilder module, Type grainInterface)
    {
        var type = module.DefineType($"{grainInterface.FullName}.Reference", TypeAttributes.Sealed, typeof(GrainReference), [grainInterface]);
        var constructor = type.DefineConstructor(MethodAttributes.Public, CallingConventions.HasThis, ReferenceParameters);
        var il = constructor.GetILGenerator();
        for (var i = 0; i <= 3; i++) il.Emit(OpCodes.Ldarg, i);
        il.Emit(OpCodes.Call, ReferenceConstructor);
        il.Emit(OpCodes.Ret);

        var number = 0;
        foreach (var part in (Type[])[grainInterface, .. grainInterface.GetInterfaces()])
        {
            foreach (var method in part.GetMethods()) BuildMethod(type, method, BuildCall(module, grainInterface, method, number++));
        }

        var create = type.DefineMethod("Create", MethodAttributes.Public | MethodAttributes.Static, typeof(GrainReference), ReferenceParameters);
        il = create.GetILGenerator();
        for (var i = 0; i < 3; i++) il.Emit(OpCodes.Ldarg, i);
        il.Emit(OpCodes.Newobj, constructor);
        il.Emit(OpCodes.Ret);
        return type.CreateType().GetMethod("Create")!.CreateDelegate<ReferenceFactory>(); // defined above
    }

    private static void BuildMethod(TypeBuilder type, MethodInfo method, Type call)
    {
        var builder = type.DefineMethod($"{method.DeclaringType}.{method.Name}", Implement, method.ReturnType, ParametersOf(method));
        var il = builder.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Newobj, call.GetConstructor(Type.EmptyTypes)!); // every call class has the default constructor
        var number = 1;
        foreach (var field in ArgumentsOf(call))
        {
            il.Emit(OpCodes.Dup);
            il.Emit(OpCodes.Ldarg, number++);
            il.Emit(OpCodes.Stfld, field);
        }
        il.Emit(OpCodes.Call, Send);
        if (method.ReturnType != typeof(Task)) il.Emit(OpCodes.Castclass, method.ReturnType);
        il.Emit(OpCodes.Ret);
        type.DefineMethodOverride(builder, method);
    }

    private static Type BuildCall(ModuleBuilder module, Type grainInterface, MethodInfo method, int number)
    {
        var type = module.DefineType($"{grainInterface.FullName}.{method.Name}#{number}", TypeAttributes.Sealed | TypeAttributes.Public, BaseOf(method));
        type.DefineDefaultConstructor(MethodAttributes.Public);

        var invoke = type.DefineMethod("Invoke", MethodAttributes.Family | MethodAttributes.Virtual | MethodAttributes.HideBySig, typeof(Task), [typeof(object)]);
        var il = invoke.GetILGenerator();
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Castclass, method.DeclaringType!); // an interface method has one
        foreach (var parameter in method.GetParameters())
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, type.DefineField($"a{parameter.Position}", parameter.ParameterType, FieldAttributes.Public));
        }
        il.Emit(OpCodes.Callvirt, method);
        il.Emit(OpCodes.Ret);
        type.DefineMethodOverride(invoke, Invoke);

        OverrideConstant(type, Name, typeof(string), code => code.Emit(OpCodes.Ldstr, $"{grainInterface.Name}.{method.Name}"));
        if (method.IsDefined(typeof(AlwaysInterleaveAttribute)))
            OverrideConstant(type, Interleaves, typeof(bool), code => code.Emit(OpCodes.Ldc_I4_1));
        return type.CreateType();
    }

    /// <summary>The fields of a call class in the order of the parameters.</summary>
    public static FieldInfo[] ArgumentsOf(Type call)
    {
        var fields = call.GetFields(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);
        Array.Sort(fields, static (one, other) => one.MetadataToken.CompareTo(other.MetadataToken));
        return fields;
    }

    private static void OverrideConstant(TypeBuilder type, MethodInfo getter, Type result, Action<ILGenerator> load)
    {
        var method = type.DefineMethod(getter.Name, Override | MethodAttributes.SpecialName, result, Type.EmptyTypes);
        var il = method.GetILGenerator();
        load(il);
        il.Emit(OpCodes.Ret);
        type.DefineMethodOverride(method, getter);
    }

    private static Type BaseOf(MethodInfo method)
    {
        var result = method.ReturnType;
        if (method.IsGenericMethod || Array.Exists(method.GetParameters(), parameter => parameter.ParameterType.IsByRef)) throw NotCallable(method);
        if (result == typeof(Task)) return typeof(VoidGrainCall);
        if (result.IsGenericType && result.GetGenericTypeDefinition() == typeof(Task<>))
            return typeof(GrainCall<>).MakeGenericType(result.GetGenericArguments());
        throw NotCallable(method);
    }

    private static NotSupportedException NotCallable(MethodInfo method) =>
        new($"{method.DeclaringType?.Name}.{method.Name}: a grain method returns Task or Task<T>, is not generic and has no ref or out parameter.");

    private static Type[] ParametersOf(MethodInfo method) => Array.ConvertAll(method.GetParameters(), parameter => parameter.ParameterType);

    /// <remarks>One dynamic assembly per assembly of interfaces: it may see the internal types of both that assembly and the engine.</remarks>
    private static ModuleBuilder ModuleFor(Assembly assembly)
    {
        if (Modules.TryGetValue(assembly, out var module)) return module;
        var name = assembly.GetName().Name;
        var builder = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName($"{name}.References"), AssemblyBuilderAccess.Run);
        var attribute = ConstructorOf(typeof(IgnoresAccessChecksToAttribute), [typeof(string)]);
        builder.SetCustomAttribute(new CustomAttributeBuilder(attribute, [name]));
        builder.SetCustomAttribute(new CustomAttributeBuilder(attribute, [typeof(GrainReference).Assembly.GetName().Name]));
        return Modules[assembly] = builder.DefineDynamicModule("References");
    }

    private static ConstructorInfo ConstructorOf(Type type, Type[] parameters) =>
        type.GetConstructor(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, parameters)
        ?? throw new MissingMethodException(type.Name, ".ctor");

    private static MethodInfo MethodOf(Type type, string name) =>
        type.GetMethod(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic) ?? throw new MissingMethodException(type.Name, name);
}
