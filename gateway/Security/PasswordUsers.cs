using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;

namespace GrainMQ.Gateway.Security;

/// <summary>Pairs a user with the verifier of the password; an unknown user has a verifier that no password matches.</summary>
internal readonly record struct PasswordUser(ScramVerifier Verifier, bool IsKnown);

/// <summary>
/// Holds the users of a password file. A client that asks for an unknown name sees what it would see for a known one: a salt that stays the same
/// and the usual iterations. Both come from a secret of this process.
/// </summary>
internal sealed class PasswordUsers
{
    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(ScramVerifier.KeySize);

    private volatile Table _table;

    public PasswordUsers(IReadOnlyDictionary<string, ScramVerifier> users) => _table = new Table(users);

    public int Count => _table.Users.Count;

    public void Replace(IReadOnlyDictionary<string, ScramVerifier> users) => _table = new Table(users);

    public PasswordUser Find(string userName)
    {
        var table = _table;
        userName = SaslPrep.PrepareOrKeep(userName);
        var unknown = Unknown(userName, table.UsualIterations); // computed for known users too, so that both take the same time
        return table.Users.TryGetValue(userName, out var verifier) ? new(verifier, true) : new(unknown, false);
    }

    private static ScramVerifier Unknown(string userName, int iterations)
    {
        Span<byte> keys = stackalloc byte[SHA512.HashSizeInBytes];
        HMACSHA512.HashData(Secret, Encoding.UTF8.GetBytes(userName), keys);
        return new()
        {
            Iterations = iterations,
            Salt = keys[..16].ToArray(),
            StoredKey = keys[16..48].ToArray(),
            ServerKey = keys[32..64].ToArray(),
        };
    }

    private sealed class Table(IReadOnlyDictionary<string, ScramVerifier> users)
    {
        public FrozenDictionary<string, ScramVerifier> Users { get; } = users.ToFrozenDictionary(StringComparer.Ordinal);

        /// <summary>The iterations of most users.</summary>
        public int UsualIterations { get; } = users.Count == 0 ? ScramVerifier.DefaultIterations
            : users.Values.CountBy(verifier => verifier.Iterations).MaxBy(pair => pair.Value).Key;
    }
}
