using System.CommandLine;
using System.Text;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Security;

/// <summary><c>passwd FILE USER</c>: writes one line of a password file. The password is never an argument: other users could see it there.</summary>
internal static class PasswordCommand
{
    private const int Failure = 1;

    public static Command Create(TextReader? input = null)
    {
        var file = PathArgument.Create("FILE", "The password file; created when there is none.");
        var user = new Argument<string>("USER") { Description = "The user name that clients show." };
        var iterations = new Option<int>("--iterations")
        {
            HelpName = "N",
            Description = "Work per check, for the broker and for SCRAM clients; more makes a stolen file safer.",
            DefaultValueFactory = _ => ScramVerifier.DefaultIterations,
        };
        var delete = new Option<bool>("--delete") { Description = "Remove the user." };
        var command = new Command(
            "passwd", "Set a user's password in a file for --password-file. The password is asked for, or is the first line of standard input.")
        {
            file, user, iterations, delete,
        };
        command.SetAction(result =>
        {
            var (output, error) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
            var fault = result.GetValue(delete)
                ? Delete(result.GetRequiredValue(file), result.GetRequiredValue(user))
                : Set(result.GetRequiredValue(file), result.GetRequiredValue(user), result.GetValue(iterations), input, error);
            if (fault is not null)
            {
                error.WriteLine($"grainmq: {fault}");
                return Failure;
            }

            output.WriteLine($"{result.GetRequiredValue(file)}: {result.GetRequiredValue(user)} {(result.GetValue(delete) ? "removed" : "written")}.");
            return 0;
        });
        return command;
    }

    private static string? Set(string path, string user, int iterations, TextReader? input, TextWriter prompt)
    {
        if (iterations is < 1 or > ScramVerifier.MaximumIterations)
        {
            return $"--iterations: read {iterations}, expected 1 to {ScramVerifier.MaximumIterations}.";
        }

        if ((PasswordFile.WhyNotAUser(user) ?? WhyNotUsable(path)) is { } fault)
        {
            return fault;
        }

        var password = input is null && !Console.IsInputRedirected ? Ask(prompt) : (input ?? Console.In).ReadLine();
        if (string.IsNullOrEmpty(password))
        {
            return "there is no password: type it twice, or give it as the first line of standard input.";
        }

        return Attempt(path, () => PasswordFileEdit.Set(path, user, ScramVerifier.Create(Encoding.UTF8.GetBytes(password), iterations)));
    }

    private static string? Delete(string path, string user)
    {
        var isRemoved = false;
        return WhyNotUsable(path) ?? Attempt(path, () => isRemoved = File.Exists(path) && PasswordFileEdit.Remove(path, user))
            ?? (isRemoved ? null : $"{path} has no user '{user}'.");
    }

    /// <summary>Refuses a file that the broker could not read, so that it is not made worse.</summary>
    private static string? WhyNotUsable(string path) =>
        File.Exists(path) && !PasswordFile.TryRead(path, out _, out var error) ? error : null;

    private static string? Attempt(string path, Action change)
    {
        try
        {
            change();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"password file '{path}' cannot be written: {e.Message}";
        }
    }

    /// <summary>Asks for the password twice without showing it; null when the two differ.</summary>
    private static string? Ask(TextWriter prompt)
    {
        var first = ReadHidden("Password: ", prompt);
        return first == ReadHidden("Again: ", prompt) ? first : null;
    }

    private static string ReadHidden(string question, TextWriter prompt)
    {
        prompt.Write(question);
        var typed = new StringBuilder();
        while (Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                typed.Length -= typed.Length > 0 ? 1 : 0;
            }
            else if (key.KeyChar != '\0')
            {
                typed.Append(key.KeyChar);
            }
        }

        prompt.WriteLine();
        return typed.ToString();
    }
}
