using System.Globalization;
using System.Text;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// SASLprep (RFC 4013): the form in which user names and passwords are compared, so that text means the same however a keyboard wrote it.
/// The tables of RFC 3454 are those of Unicode 3.2; here they are said by the categories of the Unicode version that .NET brings.
/// </summary>
/// <remarks>
/// Normalization (form KC) is .NET's, which needs ICU. The broker does without unless DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=0 is set (see
/// docs/operations.md): text is then taken for normalized, which what people type mostly is.
/// </remarks>
internal static class SaslPrep
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Whether this process can normalize.</summary>
    public static bool CanNormalize { get; } = "\u2168".Normalize(NormalizationForm.FormKC) == "IX";

    /// <returns>The prepared text; null when it holds what RFC 4013 prohibits.</returns>
    public static string? Prepare(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text.Any(char.IsControl) ? null : text;
        }

        var mapped = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) // a lone surrogate comes as U+FFFD, which is prohibited
        {
            if (IsOtherSpace(rune))
            {
                mapped.Append(' ');
            }
            else if (!IsMappedToNothing(rune.Value))
            {
                mapped.Append(rune.ToString());
            }
        }

        Rune[] prepared = [.. mapped.ToString().Normalize(NormalizationForm.FormKC).EnumerateRunes()];
        return prepared.Any(IsProhibited) || !HasOneDirection(prepared) ? null : string.Concat(prepared);
    }

    /// <summary>The prepared text, or the text itself when there is none: MQTT allows more than SASL.</summary>
    public static string PrepareOrKeep(string text) => Prepare(text) ?? text;

    /// <summary>The same for a password's bytes, which need not be text.</summary>
    public static byte[] PrepareOrKeep(ReadOnlySpan<byte> password)
    {
        if (Ascii.IsValid(password))
        {
            return password.ToArray();
        }

        try
        {
            return StrictUtf8.GetBytes(PrepareOrKeep(StrictUtf8.GetString(password)));
        }
        catch (DecoderFallbackException)
        {
            return password.ToArray(); // expected: it is no text
        }
    }

    /// <summary>RFC 3454 C.1.2.</summary>
    private static bool IsOtherSpace(Rune rune) =>
        rune.Value == 0x200B || (rune.Value != ' ' && Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator);

    /// <summary>RFC 3454 B.1.</summary>
    private static bool IsMappedToNothing(int value) =>
        value is 0x00AD or 0x034F or 0x1806 or (>= 0x180B and <= 0x180D) or 0x200C or 0x200D or 0x2060 or (>= 0xFE00 and <= 0xFE0F) or 0xFEFF;

    /// <summary>RFC 3454 C.2 to C.9: controls, private use, no characters, not for plain text, changes of display, tags; and what is not assigned.</summary>
    private static bool IsProhibited(Rune rune) => rune.Value is 0xFFFC or 0xFFFD or (>= 0x2FF0 and <= 0x2FFB) or 0x0340 or 0x0341
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    /// <summary>RFC 3454 §6: text that runs from right to left begins and ends with such a letter and holds none of the others.</summary>
    private static bool HasOneDirection(Rune[] text) =>
        !text.Any(IsRightToLeft) || (IsRightToLeft(text[0]) && IsRightToLeft(text[^1]) && text.All(rune => IsRightToLeft(rune) || !Rune.IsLetter(rune)));

    /// <summary>Letters and punctuation of the scripts that run from right to left; .NET does not show the direction itself. Digits and signs run either way.</summary>
    private static bool IsRightToLeft(Rune rune) =>
        rune.Value is (>= 0x0590 and <= 0x08FF) or (>= 0xFB1D and <= 0xFDFF) or (>= 0xFE70 and <= 0xFEFE) or (>= 0x10800 and <= 0x10FFF) or (>= 0x1E800 and <= 0x1EFFF)
        && (Rune.IsLetter(rune) || (Rune.GetUnicodeCategory(rune) == UnicodeCategory.OtherPunctuation && rune.Value is not (0x060C or (>= 0x066A and <= 0x066C))));
}
