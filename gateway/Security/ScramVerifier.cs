using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// What the broker keeps of a password: enough to check one, not enough to show it (RFC 5802 §3, with SHA-256: RFC 7677). Written
/// <c>SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY</c>, the last three in base64.
/// </summary>
internal sealed class ScramVerifier
{
    public const string Mechanism = "SCRAM-SHA-256";

    /// <summary>What RFC 7677 asks for at least: about a millisecond, which a device can pay and a reconnecting fleet does not stop for.</summary>
    public const int DefaultIterations = 4096;
    public const int MaximumIterations = 10_000_000;
    public const int KeySize = SHA256.HashSizeInBytes;
    private const int SaltSize = 16;

    public required int Iterations { get; init; }

    public required byte[] Salt { get; init; }

    /// <summary>Checks a client's proof.</summary>
    public required byte[] StoredKey { get; init; }

    /// <summary>Signs the server's own proof.</summary>
    public required byte[] ServerKey { get; init; }

    public static ScramVerifier Create(ReadOnlySpan<byte> password, int iterations = DefaultIterations) =>
        Create(password, iterations, RandomNumberGenerator.GetBytes(SaltSize));

    public static ScramVerifier Create(ReadOnlySpan<byte> password, int iterations, byte[] salt)
    {
        var salted = SaltedPassword(password, salt, iterations);
        var verifier = new ScramVerifier
        {
            Iterations = iterations,
            Salt = salt,
            StoredKey = StoredKeyOf(salted),
            ServerKey = HMACSHA256.HashData(salted, "Server Key"u8),
        };
        CryptographicOperations.ZeroMemory(salted);
        return verifier;
    }

    /// <summary>Takes as long as <see cref="Iterations"/> asks for, whatever the answer.</summary>
    public bool Matches(ReadOnlySpan<byte> password)
    {
        var salted = SaltedPassword(password, Salt, Iterations);
        var isEqual = CryptographicOperations.FixedTimeEquals(StoredKeyOf(salted), StoredKey);
        CryptographicOperations.ZeroMemory(salted);
        return isEqual;
    }

    /// <param name="fault">What is wrong with the text, for people; it does not repeat the text.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out ScramVerifier? verifier, [NotNullWhen(false)] out string? fault)
    {
        verifier = null;
        if (text.Split('$') is not [Mechanism, var first, var second] || first.Split(':') is not [var iterations, var salt]
            || second.Split(':') is not [var storedKey, var serverKey])
        {
            fault = $"the verifier is not {Mechanism}$ITERATIONS:SALT$STOREDKEY:SERVERKEY";
            return false;
        }

        if (!int.TryParse(iterations, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > MaximumIterations)
        {
            fault = $"the iterations are not a number from 1 to {MaximumIterations}";
            return false;
        }

        fault = null;
        if (!TryDecode(salt, out var saltBytes) || saltBytes.Length == 0)
        {
            fault = "the salt is not base64";
        }

        if (!TryDecode(storedKey, out var stored) || stored.Length != KeySize)
        {
            fault ??= $"the stored key is not base64 of {KeySize} bytes";
        }

        if (!TryDecode(serverKey, out var server) || server.Length != KeySize)
        {
            fault ??= $"the server key is not base64 of {KeySize} bytes";
        }

        if (fault is not null)
        {
            return false;
        }

        verifier = new() { Iterations = count, Salt = saltBytes, StoredKey = stored, ServerKey = server };
        return true;
    }

    /// <summary>The line's second half in a password file. Not <see cref="object.ToString"/>: nothing is to log it by accident.</summary>
    public string Format() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Mechanism}${Iterations}:{Convert.ToBase64String(Salt)}${Convert.ToBase64String(StoredKey)}:{Convert.ToBase64String(ServerKey)}");

    /// <summary>RFC 5802 §3: of the prepared password; one that cannot be prepared counts as it is, since MQTT passwords may be any bytes.</summary>
    private static byte[] SaltedPassword(ReadOnlySpan<byte> password, byte[] salt, int iterations)
    {
        var prepared = SaslPrep.PrepareOrKeep(password);
        var salted = Rfc2898DeriveBytes.Pbkdf2(prepared, salt, iterations, HashAlgorithmName.SHA256, KeySize);
        CryptographicOperations.ZeroMemory(prepared);
        return salted;
    }

    private static byte[] StoredKeyOf(byte[] saltedPassword) => SHA256.HashData(HMACSHA256.HashData(saltedPassword, "Client Key"u8));

    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        var isBase64 = Convert.TryFromBase64String(text, bytes, out var length);
        bytes = bytes[..length];
        return isBase64;
    }
}
