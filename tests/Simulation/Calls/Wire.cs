using Orleans.Serialization.Invocation;

namespace GrainMQ.Tests.Simulation;

/// <summary>What becomes of requests and answers between a caller and a grain.</summary>
/// <param name="model">With the serializers.</param>
/// <param name="isSerialized">True: bytes, as between processes. False: what Orleans does inside one: what is not immutable is copied.</param>
internal sealed class Wire(GrainModel model, bool isSerialized)
{
    /// <summary>The request as the grain gets it, once per call. Its arguments were copied by the reference already.</summary>
    public Func<IInvokable> Send(IInvokable request)
    {
        if (!isSerialized)
        {
            return () => request;
        }

        var bytes = model.Serializer.SerializeToArray(request);
        return () => Read<IInvokable>(bytes);
    }

    public Response Return(Response response)
    {
        try
        {
            return isSerialized ? Read<Response>(model.Serializer.SerializeToArray(response)) : Copy(response);
        }
        catch (Exception e) // the caller must learn of it
        {
            return Response.FromException(e);
        }
    }

    private T Read<T>(byte[] bytes) => model.Serializer.Deserialize<T>(bytes) ?? throw new InvalidOperationException($"{typeof(T).Name} was read as null.");

    private Response Copy(Response response) => model.Copier.Copy(response) ?? throw new InvalidOperationException("A response was copied as null.");
}
