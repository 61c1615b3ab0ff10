using System.ComponentModel.DataAnnotations;

namespace GrainMQ.Silo.Configuration;

/// <summary>
/// Marks an option that is the path of a file or directory. Null stands for none; empty text is an error, because it usually comes from a
/// variable that is not set: <c>--password-file "$USERS"</c> must not start an open broker.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FilePathAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) => value is not "";
}
