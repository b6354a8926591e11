//! What a match is replaced by, as `Matcher.appendReplacement` reads it: `$1`, `${name}`, and `\` before what is meant to the
//! letter.

use super::{Regular, Search};

#[derive(Debug, PartialEq)]
pub struct Replacement(Vec<Part>);

#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    Group(usize),
}

impl Replacement {
    /// `None` if Java would refuse it, or if it names a group that `regular` has not.
    pub fn parse(text: &str, regular: &Regular) -> Option<Self> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(sign) = rest.chars().next() {
            rest = &rest[sign.len_utf8()..];
            match sign {
                '\\' => {
                    let escaped = rest.chars().next()?;
                    literal.push(escaped);
                    rest = &rest[escaped.len_utf8()..];
                }
                '$' => {
                    let (group, left) = group(rest, regular)?;
                    parts.push(Part::Text(std::mem::take(&mut literal)));
                    parts.push(Part::Group(group));
                    rest = left;
                }
                _ => literal.push(sign),
            }
        }
        parts.push(Part::Text(literal));
        Some(Self(parts))
    }

    pub fn has_groups(&self) -> bool {
        self.0.len() > 1
    }

    /// Appends what replaces the match that `search` stands at.
    pub fn write(&self, search: &Search, out: &mut String) {
        for part in &self.0 {
            out.push_str(match part {
                Part::Text(text) => text,
                Part::Group(group) => search.group(*group).unwrap_or(""),
            });
        }
    }
}

/// What follows on a `$`, and what is left: `{name}`, or as many digits as there are groups for, but at least one.
fn group<'a>(text: &'a str, regular: &Regular) -> Option<(usize, &'a str)> {
    if let Some(name) = text.strip_prefix('{') {
        let (name, left) = name.split_once('}')?;
        return Some((regular.group_of(name)?, left));
    }
    let mut group = 0;
    let mut length = 0;
    for digit in text.chars().map_while(|character| character.to_digit(10)) {
        let longer = group * 10 + usize::try_from(digit).ok()?;
        if length > 0 && longer > regular.groups() {
            break;
        }
        group = longer;
        length += 1;
    }
    let is_there = length > 0 && group <= regular.groups();
    is_there.then_some((group, &text[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_numbers_or_names() {
        let regular = Regular::compile("(a)(?<b>b)").unwrap();
        let check = |text: &str, expected: Option<&[Part]>| {
            let replacement = Replacement::parse(text, &regular);
            let parts = replacement
                .as_ref()
                .map(|Replacement(parts)| parts.as_slice());
            assert_eq!(parts, expected, "{text}");
        };
        let text = |text: &str| Part::Text(text.to_owned());
        check("", Some(&[text("")]));
        check(r"a\$\\é", Some(&[text(r"a$\é")]));
        check(
            "$1x${b}$0",
            Some(&[
                text(""),
                Part::Group(1),
                text("x"),
                Part::Group(2),
                text(""),
                Part::Group(0),
                text(""),
            ]),
        );
        check("$12", Some(&[text(""), Part::Group(1), text("2")]));
        for wrong in ["$", "$x", "$3", "${c}", "${b", "$é", "\\"] {
            check(wrong, None);
        }
    }
}
