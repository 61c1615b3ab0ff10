namespace GrainMQ.Silo.Hosting;

/// <summary>Thrown when the process cannot start. The message is one line for the operator: the cause, then the cure.</summary>
public sealed class StartupException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Finds the one inside an exception; null when there is none. Orleans wraps what its start-up tasks throw.</summary>
    public static StartupException? In(Exception? exception) => exception switch
    {
        null => null,
        StartupException startup => startup,
        AggregateException many => many.InnerExceptions.Select(In).FirstOrDefault(inner => inner is not null),
        _ => In(exception.InnerException),
    };
}
