//! Java's classes of characters by name.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// `\d`, `\W`, `\h` and so on; `unicode`: under `(?U)`.
pub fn predefined(sign: char, unicode: bool) -> Option<ClassUnicode> {
    let mut class = match (sign.to_ascii_lowercase(), unicode) {
        ('d', false) => of("[0-9]"),
        ('d', true) => of(r"\p{Nd}"),
        ('w', false) => of("[0-9A-Za-z_]"),
        ('w', true) => of(r"\w"),
        ('s', false) => of(r"[\t-\r ]"),
        ('s', true) => of(r"\p{White_Space}"),
        ('h', _) => of(r"[ \t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]"),
        ('v', _) => of(r"[\n-\r\x{85}\x{2028}\x{2029}]"),
        _ => None,
    }?;
    if sign.is_ascii_uppercase() {
        class.negate();
    }
    Some(class)
}

/// What stands in `\p{…}`; `None` for what Java does not know, and for blocks.
pub fn named(name: &str, unicode: bool, ignores_case: bool) -> Option<ClassUnicode> {
    if let Some((key, value)) = name.split_once('=') {
        return match key.to_ascii_lowercase().as_str() {
            "sc" | "script" => script(value),
            "gc" | "general_category" => category(value, ignores_case),
            _ => None,
        };
    }
    if let Some(name) = name.strip_prefix("Is") {
        return property(name, ignores_case)
            .or_else(|| category(name, ignores_case))
            .or_else(|| script(name));
    }
    if let Some(name) = name.strip_prefix("java") {
        return java(name, ignores_case);
    }
    let is_posix = POSIX.iter().any(|(known, ..)| *known == name);
    if is_posix && unicode {
        return property(name, ignores_case);
    }
    posix(name, ignores_case).or_else(|| category(name, ignores_case))
}

/// Of ASCII alone.
const POSIX: [(&str, &str); 13] = [
    ("ASCII", r"[\x00-\x7F]"),
    ("Alnum", "[0-9A-Za-z]"),
    ("Alpha", "[A-Za-z]"),
    ("Blank", r"[ \t]"),
    ("Cntrl", r"[\x00-\x1F\x7F]"),
    ("Digit", "[0-9]"),
    ("Graph", "[!-~]"),
    ("Lower", "[a-z]"),
    ("Print", "[ -~]"),
    ("Punct", r"[!-/:-@\[-`{-~]"),
    ("Space", r"[\t-\r ]"),
    ("Upper", "[A-Z]"),
    ("XDigit", "[0-9A-Fa-f]"),
];

fn posix(name: &str, ignores_case: bool) -> Option<ClassUnicode> {
    if ignores_case && matches!(name, "Lower" | "Upper") {
        return of("[A-Za-z]");
    }
    let (_, class) = POSIX.iter().find(|(known, _)| *known == name)?;
    of(class)
}

/// Unicode's properties, in any case.
fn property(name: &str, ignores_case: bool) -> Option<ClassUnicode> {
    let name = name.to_ascii_uppercase();
    of(match name.as_str() {
        "LOWER" | "LOWERCASE" | "UPPER" | "UPPERCASE" | "TITLECASE" if ignores_case => {
            r"[\p{Lowercase}\p{Uppercase}\p{Lt}]"
        }
        "ASCII" => r"[\x00-\x7F]",
        "ALPHA" | "ALPHABETIC" => r"\p{Alphabetic}",
        "LETTER" => r"\p{L}",
        "IDEOGRAPHIC" => r"\p{Ideographic}",
        "LOWER" | "LOWERCASE" => r"\p{Lowercase}",
        "UPPER" | "UPPERCASE" => r"\p{Uppercase}",
        "TITLECASE" => r"\p{Lt}",
        "SPACE" | "WHITE_SPACE" | "WHITESPACE" => r"\p{White_Space}",
        "CNTRL" | "CONTROL" => r"\p{Cc}",
        "PUNCT" | "PUNCTUATION" => r"\p{P}",
        "XDIGIT" | "HEX_DIGIT" | "HEXDIGIT" => r"[\p{Nd}\p{Hex_Digit}]",
        "ASSIGNED" => r"\P{Cn}",
        "NONCHARACTER_CODE_POINT" | "NONCHARACTERCODEPOINT" => r"\p{Noncharacter_Code_Point}",
        "DIGIT" => r"\p{Nd}",
        "ALNUM" => r"[\p{Alphabetic}\p{Nd}]",
        "BLANK" => r"[\p{Zs}\t]",
        "GRAPH" => r"[^\p{Z}\p{Cc}\p{Cn}]",
        "PRINT" => r"[^\p{Zl}\p{Zp}\p{Cc}\p{Cn}]",
        "WORD" => r"\w",
        "JOIN_CONTROL" | "JOINCONTROL" => r"\p{Join_Control}",
        _ => return None,
    })
}

/// The methods of `java.lang.Character`, without `is`.
fn java(name: &str, ignores_case: bool) -> Option<ClassUnicode> {
    of(match name {
        "LowerCase" | "UpperCase" | "TitleCase" if ignores_case => {
            r"[\p{Lowercase}\p{Uppercase}\p{Lt}]"
        }
        "LowerCase" => r"\p{Lowercase}",
        "UpperCase" => r"\p{Uppercase}",
        "TitleCase" => r"\p{Lt}",
        "Alphabetic" => r"\p{Alphabetic}",
        "Ideographic" => r"\p{Ideographic}",
        "Digit" => r"\p{Nd}",
        "Defined" => r"\P{Cn}",
        "Letter" => r"\p{L}",
        "LetterOrDigit" => r"[\p{L}\p{Nd}]",
        "SpaceChar" => r"\p{Z}",
        "Whitespace" => r"[\t-\r\x1C-\x1F[\p{Z}&&[^\x{A0}\x{2007}\x{202F}]]]",
        "ISOControl" => r"[\x00-\x1F\x7F-\x{9F}]",
        _ => return None,
    })
}

const CATEGORIES: [&str; 37] = [
    "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc",
    "Cf", "Co", "Pd", "Ps", "Pe", "Pc", "Po", "Sm", "Sc", "Sk", "So", "Pi", "Pf", "L", "M", "N",
    "Z", "C", "P", "S", "LC",
];

fn category(name: &str, ignores_case: bool) -> Option<ClassUnicode> {
    match name {
        "Lu" | "Ll" | "Lt" if ignores_case => of(r"\p{LC}"),
        "LD" => of(r"[\p{L}\p{Nd}]"),
        "L1" => of(r"[\x00-\x{FF}]"),
        "all" => of(r"[\x00-\x{10FFFF}]"),
        // A text has no halves of pairs.
        "Cs" => Some(ClassUnicode::empty()),
        _ if CATEGORIES.contains(&name) => of(&format!(r"\p{{gc={name}}}")),
        _ => None,
    }
}

fn script(name: &str) -> Option<ClassUnicode> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    of(&format!(r"\p{{sc={name}}}"))
}

/// A class as `regex-syntax` writes it.
pub fn of(syntax: &str) -> Option<ClassUnicode> {
    match regex_syntax::parse(syntax).ok()?.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        // A class of one character.
        HirKind::Literal(literal) => {
            let character = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
            Some(ClassUnicode::new([ClassUnicodeRange::new(
                character, character,
            )]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(name: &str, unicode: bool, characters: &str) -> Option<String> {
        let class = named(name, unicode, false)?;
        let is_in = |character: &char| {
            let mut ranges = class.iter();
            ranges.any(|range| range.start() <= *character && *character <= range.end())
        };
        Some(characters.chars().filter(is_in).collect())
    }

    #[test]
    fn names_are_java_s() {
        let check = |name, expected: Option<&str>| {
            let found = has(name, false, "aAéÉ1١ _α\u{2028}");
            assert_eq!(found.as_deref(), expected, "{name}");
        };
        check("Alpha", Some("aA"));
        check("Punct", Some("_"));
        check("IsAlphabetic", Some("aAéÉα"));
        check("IsL", Some("aAéÉα"));
        check("L", Some("aAéÉα"));
        check("Lu", Some("AÉ"));
        check("gc=Nd", Some("1١"));
        check("IsGreek", Some("α"));
        check("script=Latin", Some("aAéÉ"));
        check("Zl", Some("\u{2028}"));
        check("javaLowerCase", Some("aéα"));
        check("Greek", None);
        check("alpha", None);
        check("InGreek", None);
        check("javaNothing", None);
        check("Isno such", None);
    }

    #[test]
    fn all_that_java_knows_is_there() {
        for name in POSIX.map(|(name, _)| name) {
            assert!(named(name, false, false).is_some(), "{name}");
            assert!(named(name, true, true).is_some(), "{name}");
        }
        for name in CATEGORIES.into_iter().chain(["LD", "L1", "all", "Cs"]) {
            assert!(named(name, false, false).is_some(), "{name}");
        }
        for sign in "dDwWsShHvV".chars() {
            assert!(predefined(sign, false).is_some() && predefined(sign, true).is_some());
        }
    }
}
