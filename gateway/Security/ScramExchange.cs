using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// The server's side of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677), without channel binding:
/// <code>
///  CONNECT  n,,n=USER,r=NONCE1                          ──►
///                                        ◄──  AUTH 0x18    r=NONCE1NONCE2,s=SALT,i=ITERATIONS
///  AUTH 0x18  c=biws,r=NONCE1NONCE2,p=PROOF             ──►
///                                        ◄──  CONNACK 0x00 v=SIGNATURE
/// </code>
/// Re-authentication is the same between AUTH 0x19 and AUTH 0x00. An unknown user gets the same answers, up to the wrong proof.
/// </summary>
internal sealed class ScramExchange(PasswordUsers users, string serverNonce) : IAuthenticationExchange
{
    /// <summary>A nonce comes back in the next message, whose Authentication Data has at most 65,535 bytes.</summary>
    private const int MaximumNonce = 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private Step _step = Step.ClientFirst;
    private string _header = "";
    private string _clientFirstBare = "";
    private string _serverFirst = "";
    private string _nonce = "";
    private string _userName = "";
    private PasswordUser _user;

    private enum Step : byte { ClientFirst, ClientFirstAfterEmpty, ClientFinal, Ended }

    /// <summary>RFC 5802 §5.1: printable ASCII without a comma, unpredictable.</summary>
    public static string NewNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));

    public ValueTask<ExchangeStep> ContinueAsync(byte[]? data) => new(Continue(data));

    private ExchangeStep Continue(byte[]? data)
    {
        var step = _step;
        _step = Step.Ended; // whatever goes wrong, there is no second try
        if (data is null && step == Step.ClientFirst)
        {
            _step = Step.ClientFirstAfterEmpty; // the method lets the client begin: ask it to (RFC 4422 §5.1)
            return ExchangeStep.Continue(null);
        }

        if (step == Step.Ended || !TryDecode(data, out var text))
        {
            return ExchangeStep.Failure(ReasonCode.NotAuthorized);
        }

        return step == Step.ClientFinal ? Finish(text) : Challenge(text);
    }

    /// <summary>client-first-message: <c>gs2-header n=saslname,r=c-nonce[,extensions]</c>, RFC 5802 §7.</summary>
    private ExchangeStep Challenge(string message)
    {
        // the flag is n, or y of a client that could bind to a channel; p demands a binding that was not offered
        if (message.Split(',', 3) is not [("n" or "y") and var flag, var authorization, var bare])
        {
            return ExchangeStep.Failure(ReasonCode.NotAuthorized);
        }

        var attributes = bare.Split(',');
        if (attributes is not [['n', '=', .. var name], ['r', '=', .. var nonce], ..] || !TryReadName(name, out var userName)
            || SaslPrep.Prepare(userName) is not { Length: > 0 } prepared || !IsNonce(nonce) || !MayActAs(authorization, userName))
        {
            return ExchangeStep.Failure(ReasonCode.NotAuthorized); // m= in front, an extension that must be understood, ends here too
        }

        (_header, _clientFirstBare, _userName) = ($"{flag},{authorization},", bare, prepared);
        _user = users.Find(prepared);
        _nonce = nonce + serverNonce;
        _serverFirst = $"r={_nonce},s={Convert.ToBase64String(_user.Verifier.Salt)},i={_user.Verifier.Iterations}";
        _step = Step.ClientFinal;
        return ExchangeStep.Continue(Encoding.UTF8.GetBytes(_serverFirst));
    }

    /// <summary>client-final-message: <c>c=BASE64,r=nonce[,extensions],p=BASE64</c>.</summary>
    private ExchangeStep Finish(string message)
    {
        var end = message.LastIndexOf(",p=", StringComparison.Ordinal);
        var proof = new byte[ScramVerifier.KeySize];
        if (end < 0 || !Convert.TryFromBase64String(message[(end + 3)..], proof, out var length) || length != proof.Length)
        {
            return ExchangeStep.Failure(ReasonCode.NotAuthorized);
        }

        var binding = Convert.ToBase64String(Encoding.UTF8.GetBytes(_header));
        var attributes = message[..end].Split(',');
        if (attributes is not [['c', '=', .. var claimed], ['r', '=', .. var nonce], ..] || claimed != binding || nonce != _nonce)
        {
            return ExchangeStep.Failure(ReasonCode.NotAuthorized);
        }

        var signed = Encoding.UTF8.GetBytes($"{_clientFirstBare},{_serverFirst},{message[..end]}");
        if (!IsProof(proof, signed))
        {
            return ExchangeStep.Failure(ReasonCode.BadUserNameOrPassword);
        }

        var signature = Convert.ToBase64String(HMACSHA256.HashData(_user.Verifier.ServerKey, signed));
        return ExchangeStep.Success(Encoding.UTF8.GetBytes($"v={signature}"), _userName);
    }

    /// <summary>RFC 5802 §3: the proof is the client key, hidden by the signature that only its owner and the server can compute.</summary>
    private bool IsProof(byte[] proof, byte[] signed)
    {
        var signature = HMACSHA256.HashData(_user.Verifier.StoredKey, signed);
        for (var i = 0; i < proof.Length; i++)
        {
            proof[i] ^= signature[i];
        }

        return CryptographicOperations.FixedTimeEquals(SHA256.HashData(proof), _user.Verifier.StoredKey) & _user.IsKnown;
    }

    private static bool TryDecode(byte[]? data, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = data is null ? null : StrictUtf8.GetString(data);
        }
        catch (DecoderFallbackException)
        {
            text = null;
        }

        return text is not null && !text.Contains('\0', StringComparison.Ordinal);
    }

    /// <summary>saslname: a comma is written =2C and an equals sign =3D, and nothing else begins with one.</summary>
    private static bool TryReadName(string name, [NotNullWhen(true)] out string? userName)
    {
        var rest = name.Replace("=2C", "", StringComparison.Ordinal).Replace("=3D", "", StringComparison.Ordinal);
        userName = name.Length == 0 || rest.Contains('=', StringComparison.Ordinal) ? null
            : name.Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal);
        return userName is not null;
    }

    private static bool IsNonce(string nonce) => nonce.Length is > 0 and <= MaximumNonce && nonce.All(character => character is >= '!' and <= '~');

    /// <summary>Checks that no user acts for another: an authorization identity is the user's own or left out.</summary>
    private static bool MayActAs(string authorization, string userName) => authorization.Length == 0
        || (authorization is ['a', '=', .. var name] && TryReadName(name, out var other) && other == userName);
}
