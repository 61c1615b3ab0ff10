using System.CommandLine;

namespace GrainMQ.Silo.Hosting;

/// <summary>Makes the argument of a command that is the path of a file; empty text is an error.</summary>
internal static class PathArgument
{
    public static Argument<string> Create(string name, string description)
    {
        var argument = new Argument<string>(name) { Description = description };
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: "" }])
            {
                result.AddError($"{name}: read '', expected a path.");
            }
        });
        return argument;
    }
}
