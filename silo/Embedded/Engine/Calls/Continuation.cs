namespace GrainMQ.Silo.Embedded;

/// <summary>The rest of a request after an await.</summary>
internal sealed class Continuation(Request request, SendOrPostCallback callback, object? state) : ITurn
{
    public ITurn? Next { get; set; }

    public void Run()
    {
        try
        {
            request.Enter();
            callback(state);
        }
        catch (Exception e)
        {
            // Only an async void method gets here: nobody awaits it.
            request.Activation.Cluster.Logger.TurnFailed(e, request.Activation.Id, request.Name);
        }
        finally
        {
            Request.Leave();
        }
    }
}
