using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace GrainMQ.Tests.Testing;

/// <summary>The client's side of SCRAM-SHA-256 (RFC 5802 §3), which also holds the server to its part.</summary>
/// <remarks>It shares no code with the gateway's side, so that their mistakes do not cancel out.</remarks>
public sealed class ScramClient(string userName, string password)
{
    public const string Method = "SCRAM-SHA-256";

    private readonly string _first = $"n={userName},r={Convert.ToHexString(RandomNumberGenerator.GetBytes(16))}";
    private byte[] _signature = [];

    public byte[] First => Encoding.UTF8.GetBytes($"n,,{_first}");

    /// <summary>The client-final-message for the server-first-message.</summary>
    public byte[] Answer(string challenge)
    {
        if (challenge.Split(',') is not [['r', '=', .. var nonce], ['s', '=', .. var salt], ['i', '=', .. var iterations]]
            || !nonce.StartsWith(_first[(_first.IndexOf(",r=", StringComparison.Ordinal) + 3)..], StringComparison.Ordinal))
        {
            throw new FormatException($"No server-first-message: {challenge}");
        }

        var salted = Rfc2898DeriveBytes.Pbkdf2(
            password, Convert.FromBase64String(salt), int.Parse(iterations, CultureInfo.InvariantCulture), HashAlgorithmName.SHA256, 32);
        var key = HMACSHA256.HashData(salted, "Client Key"u8);
        var bare = $"c=biws,r={nonce}";
        var message = Encoding.UTF8.GetBytes($"{_first},{challenge},{bare}");
        var hidden = HMACSHA256.HashData(SHA256.HashData(key), message);
        _signature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), message);
        return Encoding.UTF8.GetBytes($"{bare},p={Convert.ToBase64String([.. key.Select((part, i) => (byte)(part ^ hidden[i]))])}");
    }

    /// <summary>Whether the server-final-message proves that the server knows the password's verifier.</summary>
    public bool IsServer(string final) => final == $"v={Convert.ToBase64String(_signature)}";
}
