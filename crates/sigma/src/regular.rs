//! Regular expressions: from what rules are written in (Python's, which is most of PCRE's) to Java's, which Weir's functions read.
//!
//! What looks alike and means something else is written anew: `[` and `&&` within a class, a `{` that repeats nothing, named
//! groups. Where a pattern has signs that Java reads more narrowly, a flag says that they are meant as in Sigma: `(?d)` that only
//! `\n` ends a line, `(?U)` that `\w`, `\d`, `\s` and `\b` know all of Unicode, `(?u)` that `(?i)` does.

use crate::error::{Error, ErrorKind, shown};

/// `|re|i`, `|re|m`, `|re|s`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    pub ignores_case: bool,
    pub is_multiline: bool,
    pub dot_is_all: bool,
}

/// What a compiled pattern may take, in Weir's functions too.
const SIZE: usize = 2 << 20;
const LONGEST: usize = 8 << 10;

/// The pattern for REGEXP_LIKE, or what is wrong with it.
pub fn to_java(pattern: &str, flags: Flags) -> Result<String, Error> {
    if pattern.len() > LONGEST {
        let message = format!(
            "the regular expression has {} bytes; at most {LONGEST} are read",
            pattern.len()
        );
        return Err(Error::new(ErrorKind::Regex, message));
    }
    let mut translator = Translator {
        rest: pattern,
        flags,
        java: String::new(),
        twin: String::new(),
        ends_lines: false,
        knows_words: false,
    };
    translator.run();
    let mut switches = String::new();
    let mut add = |is_set: bool, switch: char| {
        if is_set {
            switches.push(switch);
        }
    };
    add(translator.ends_lines, 'd');
    add(translator.knows_words, 'U');
    add(flags.ignores_case, 'i');
    add(flags.ignores_case && !translator.knows_words, 'u');
    add(flags.is_multiline, 'm');
    add(flags.dot_is_all, 's');
    check(&translator.twin, pattern, flags)?;
    Ok(match switches.as_str() {
        "" => translator.java,
        switches => format!("(?{switches}){}", translator.java),
    })
}

fn check(twin: &str, pattern: &str, flags: Flags) -> Result<(), Error> {
    let built = regex::RegexBuilder::new(twin)
        .case_insensitive(flags.ignores_case)
        .multi_line(flags.is_multiline)
        .dot_matches_new_line(flags.dot_is_all)
        .size_limit(SIZE)
        .build();
    let why = match built {
        Ok(_) => return Ok(()),
        Err(regex::Error::CompiledTooBig(_)) => "it is too large".to_owned(),
        // The last line says what; those before show where in the twin, which nobody has seen.
        Err(error) => {
            let text = error.to_string();
            let last = text.lines().next_back().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        }
    };
    let message = format!(
        "the regular expression `{}` cannot be used: {}",
        shown(pattern),
        shown(&why)
    );
    Err(Error::new(ErrorKind::Regex, message)
        .hint("write it in the signs that Java and Python share"))
}

struct Translator<'a> {
    rest: &'a str,
    flags: Flags,
    /// What Weir's functions read.
    java: String,
    /// The same for an engine that says what is wrong, without look-around and back-references, which that one has not.
    twin: String,
    /// Whether a sign was met that asks where lines end.
    ends_lines: bool,
    /// Whether a sign was met that asks what a letter, a digit, a blank is.
    knows_words: bool,
}

impl Translator<'_> {
    fn run(&mut self) {
        while let Some(character) = self.next() {
            match character {
                '\\' => self.escape(false),
                '[' => self.class(),
                '(' => self.group(),
                '{' => self.repetition(),
                '.' => {
                    self.ends_lines |= !self.flags.dot_is_all;
                    self.both(".");
                }
                '$' => {
                    self.ends_lines = true;
                    self.both("$");
                }
                '^' => {
                    self.ends_lines |= self.flags.is_multiline;
                    self.both("^");
                }
                other => self.both(other.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = self.rest.get(next.len_utf8()..).unwrap_or_default();
        Some(next)
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn both(&mut self, text: &str) {
        self.java.push_str(text);
        self.twin.push_str(text);
    }

    fn apart(&mut self, java: &str, twin: &str) {
        self.java.push_str(java);
        self.twin.push_str(twin);
    }

    fn escape(&mut self, is_in_class: bool) {
        let Some(escaped) = self.next() else {
            // Neither takes a backslash at the end.
            return self.both("\\");
        };
        self.knows_words |= "dDwWsSbB".contains(escaped);
        let text = format!("\\{escaped}");
        match escaped {
            'Z' if !is_in_class => self.apart("\\z", "\\z"),
            '1'..='9' if !is_in_class => self.apart(&text, "(?:)"),
            'k' if !is_in_class && self.rest.starts_with('<') => {
                let end = self.rest.find('>').map_or(self.rest.len(), |end| end + 1);
                let (name, rest) = self.rest.split_at(end);
                self.rest = rest;
                self.apart(&format!("\\k{}", name.replace('_', "")), "(?:)");
            }
            // Signs that the twin would take for something else, or for nothing.
            other if !other.is_ascii_alphanumeric() => {
                self.apart(&text, &regex::escape(other.encode_utf8(&mut [0; 4])));
            }
            _ => self.both(&text),
        }
    }

    fn class(&mut self) {
        self.both("[");
        if self.eat("^") {
            self.both("^");
        }
        let mut is_first = true;
        while let Some(character) = self.next() {
            match character {
                ']' if !is_first => return self.both("]"),
                ']' => self.both("\\]"),
                '\\' => self.escape(true),
                '[' => self.bracket(),
                '&' if self.rest.starts_with('&') => self.both("\\&"),
                '^' => self.both("\\^"),
                '~' => self.both("\\~"),
                other => self.both(other.encode_utf8(&mut [0; 4])),
            }
            is_first = false;
        }
    }

    /// A bracket within a class: `[:alpha:]`, or itself.
    fn bracket(&mut self) {
        let named = self
            .rest
            .strip_prefix(':')
            .and_then(|rest| rest.split_once(":]"));
        let java = named.and_then(|(name, _)| {
            Some(match name {
                "alpha" => "\\p{Alpha}",
                "digit" => "\\p{Digit}",
                "alnum" => "\\p{Alnum}",
                "upper" => "\\p{Upper}",
                "lower" => "\\p{Lower}",
                "punct" => "\\p{Punct}",
                "space" => "\\p{Space}",
                "xdigit" => "\\p{XDigit}",
                "print" => "\\p{Print}",
                "graph" => "\\p{Graph}",
                "cntrl" => "\\p{Cntrl}",
                "blank" => "\\p{Blank}",
                _ => return None,
            })
        });
        match (named, java) {
            (Some((name, rest)), Some(java)) => {
                self.rest = rest;
                self.apart(java, &format!("[:{name}:]"));
            }
            _ => self.both("\\["),
        }
    }

    fn group(&mut self) {
        if !self.eat("?") {
            return self.both("(");
        }
        for look in ["=", "!", "<=", "<!", ">"] {
            if self.eat(look) {
                return self.apart(&format!("(?{look}"), "(?:");
            }
        }
        if self.eat("#") {
            // A comment.
            self.rest = self.rest.split_once(')').map_or("", |(_, rest)| rest);
        } else if self.eat("P=") {
            let (name, rest) = self.rest.split_once(')').unwrap_or((self.rest, ""));
            self.rest = rest;
            self.apart(&format!("\\k<{}>", name.replace('_', "")), "(?:)");
        } else if self.eat("P<") || self.eat("<") {
            let (name, rest) = self.rest.split_once('>').unwrap_or((self.rest, ""));
            self.rest = rest;
            // Java's names have no `_`.
            self.apart(
                &format!("(?<{}>", name.replace('_', "")),
                &format!("(?<{name}>"),
            );
        } else {
            self.switches();
        }
    }

    /// `(?i)`, `(?i-s:`, `(?:`.
    fn switches(&mut self) {
        let end = self.rest.find([')', ':']).unwrap_or(self.rest.len());
        let (switches, rest) = self.rest.split_at(end);
        self.rest = rest;
        let set = switches.split('-').next().unwrap_or_default();
        let unicode = if set.contains('i') && !set.contains(['u', 'U']) {
            "u"
        } else {
            ""
        };
        // To the end of the pattern rather than of the group: a `(?d)` too many does no harm.
        self.flags.is_multiline |= set.contains('m');
        self.flags.dot_is_all &= set.len() == switches.len();
        self.apart(&format!("(?{unicode}{switches}"), &format!("(?{switches}"));
    }

    /// `{2}`, `{2,}`, `{2,3}`, `{,3}`; any other brace is itself.
    fn repetition(&mut self) {
        let inside = self.rest.split_once('}').map(|(inside, _)| inside);
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let bounds = inside.and_then(|inside| match inside.split_once(',') {
            Some((least, most)) => {
                (is_number(least) && is_number(most) && inside.len() > 1).then_some(inside)
            }
            None => (!inside.is_empty() && is_number(inside)).then_some(inside),
        });
        match bounds {
            Some(bounds) => {
                self.rest = self.rest.get(bounds.len() + 1..).unwrap_or_default();
                let least = if bounds.starts_with(',') { "0" } else { "" };
                self.both(&format!("{{{least}{bounds}}}"));
            }
            None => self.both("\\{"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expected: &str) {
        assert_eq!(
            to_java(pattern, Flags::default()).unwrap(),
            expected,
            "{pattern}"
        );
    }

    #[test]
    fn what_means_the_same_stays() {
        check("abc|[a-z]+?", "abc|[a-z]+?");
        check(r"C:\\Users\\[^\\]{1,20}\\", r"C:\\Users\\[^\\]{1,20}\\");
        check(r"\.(exe|dll)", r"\.(exe|dll)");
        check(r"(?<!x)a(?=b)\1", r"(?<!x)a(?=b)\1");
    }

    #[test]
    fn what_looks_alike_is_written_anew() {
        check("[[a]", r"[\[a]");
        check("[]a]", r"[\]a]");
        check("[^]a]", r"[^\]a]");
        check("[a&&b]", r"[a\&&b]");
        check("[[:alpha:]_]", r"[\p{Alpha}_]");
        check("{GUID}", r"\{GUID}");
        check("a{,3}", "a{0,3}");
        check("a{2}{x", r"a{2}\{x");
        check(r"(?P<a_b>x)(?P=a_b)", r"(?<ab>x)\k<ab>");
        check("a(?#no)b", "ab");
        check(r"a\Z", r"a\z");
    }

    #[test]
    fn flags_say_what_sigma_means() {
        check("a.b", "(?d)a.b");
        check("a$", "(?d)a$");
        check(r"\s+", r"(?U)\s+");
        check(r"\w.", r"(?dU)\w.");
        check("(?i)abc", "(?ui)abc");
        check("(?i:a)b", "(?ui:a)b");
        check("(?-i)a", "(?-i)a");
        let flags = Flags {
            ignores_case: true,
            ..Flags::default()
        };
        assert_eq!(to_java("abc", flags).unwrap(), "(?iu)abc");
        assert_eq!(to_java(r"\d", flags).unwrap(), r"(?Ui)\d");
        let flags = Flags {
            dot_is_all: true,
            is_multiline: true,
            ..Flags::default()
        };
        assert_eq!(to_java("^a.b", flags).unwrap(), "(?dms)^a.b");
    }

    #[test]
    fn what_is_none_is_refused() {
        for pattern in ["(", "[a", "*a", r"a\", "(?(1)a)", r"\y", "a{5,2}", "(?<!a"] {
            let error = to_java(pattern, Flags::default()).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Regex, "{pattern}");
            assert!(error.message.contains(&format!("`{pattern}`")), "{error}");
        }
        assert!(to_java(&"a".repeat(9_000), Flags::default()).is_err());
        assert!(to_java(r"(\w{1,500}){1,500}", Flags::default()).is_err());
    }
}
