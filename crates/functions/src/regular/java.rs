//! Java's regular expressions, written anew for Rust's engines.
//!
//! The two dialects share most signs and differ in what these mean: Java's `\d`, `\w`, `\s` and `(?i)` know ASCII alone,
//! `.`, `^` and `$` know five line terminators, `$` and `\Z` also stand before a last one, `[a&&[b]]` nests, `(?U)` is
//! Unicode. So the pattern is read by Java's grammar (`java.util.regex.Pattern` of JDK 17) and written in the few signs
//! that mean the same everywhere: code points, classes as ranges, groups, quantifiers, assertions.
//!
//! Not here, so that such a pattern is none: blocks (`\p{InGreek}`), `\X`, `\N{…}`, `\b{g}`, halves of surrogate pairs.

use std::fmt::Write;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::{
    classes,
    extent::{Extent, Greed, Part},
};

/// What a pattern may measure: its own bytes, what it becomes, and how deep its groups nest.
const LONGEST: usize = 16 << 10;
const LONGEST_TRANSLATED: usize = 1 << 20;
const DEEPEST: usize = 50;

/// Where a line ends for Java, as the inside of a class; `\r\n` is one end.
const TERMINATORS: &str = r"\n\r\x{85}\x{2028}\x{2029}";

#[derive(Debug)]
pub struct Translated {
    pub text: String,
    /// Whether it asks for look-around, back-references or atomic groups.
    pub needs_backtracking: bool,
    /// How many groups there are, the whole match aside.
    pub groups: usize,
    pub names: Vec<(String, usize)>,
    pub lines: Lines,
    /// `\G`: a match must begin where the last one ended.
    pub continues: bool,
}

/// What the pattern is written for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// Any text.
    AnyText,
    /// Only texts without the line terminators that [`Translated::lines`] tells of: `$` is the end of the text there, and
    /// needs no look-around.
    OneLine,
}

/// Which line terminators the pattern tells apart; for a text without them both forms mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lines {
    None,
    /// One at the end of the text.
    AtEnd,
    /// One anywhere; and an empty text has no line.
    Anywhere,
}

/// `None` if Java would refuse the pattern, or if it has what is not supported.
pub fn translate(pattern: &str, form: Form) -> Option<Translated> {
    if pattern.len() > LONGEST {
        return None;
    }
    let items = unquoted(pattern);
    let (first, highest) = run(&items, form, usize::MAX)?;
    if highest <= first.groups {
        return Some(first);
    }
    // A reference to a group that is not there never matches: known only when all groups are counted.
    let (second, _) = run(&items, form, first.groups)?;
    Some(second)
}

fn run(items: &[Item], form: Form, groups: usize) -> Option<(Translated, usize)> {
    let mut translator = Translator {
        items,
        place: 0,
        form,
        flags: Flags::default(),
        depth: 0,
        takes_characters: false,
        part: Part::Character,
        extent: Extent::NOTHING,
        known_groups: groups,
        highest_reference: 0,
        translated: Translated {
            text: String::new(),
            needs_backtracking: false,
            groups: 0,
            names: Vec::new(),
            lines: Lines::None,
            continues: false,
        },
    };
    translator.alternatives()?;
    // A `)` too many.
    let is_whole = translator.place == items.len();
    is_whole.then_some((translator.translated, translator.highest_reference))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Item {
    Sign(char),
    /// From between `\Q` and `\E`.
    Quoted(char),
}

impl Item {
    fn character(self) -> char {
        match self {
            Self::Sign(character) | Self::Quoted(character) => character,
        }
    }
}

fn unquoted(pattern: &str) -> Vec<Item> {
    let mut items = Vec::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(start) = rest.find('\\') {
        items.extend(rest[..start].chars().map(Item::Sign));
        let behind = &rest[start + 1..];
        if let Some(quoted) = behind.strip_prefix('Q') {
            let (quoted, left) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            items.extend(quoted.chars().map(Item::Quoted));
            rest = left;
            continue;
        }
        items.push(Item::Sign('\\'));
        let mut characters = behind.chars();
        items.extend(characters.next().map(Item::Sign));
        rest = characters.as_str();
    }
    items.extend(rest.chars().map(Item::Sign));
    items
}

#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    /// `i`
    ignores_case: bool,
    /// `u`: of all letters, not of ASCII's alone.
    unicode_case: bool,
    /// `U`
    unicode_classes: bool,
    /// `m`
    multi_line: bool,
    /// `s`
    dot_is_all: bool,
    /// `d`
    unix_lines: bool,
    /// `x`
    comments: bool,
}

struct Translator<'a> {
    items: &'a [Item],
    place: usize,
    form: Form,
    flags: Flags,
    depth: usize,
    /// Whether something in the group that is being read takes characters.
    takes_characters: bool,
    /// What was read last, and how long all before it in the group is.
    part: Part,
    extent: Extent,
    known_groups: usize,
    highest_reference: usize,
    translated: Translated,
}

impl Translator<'_> {
    /// Up to the `)` that closes, which is left for the caller, or to the end.
    fn alternatives(&mut self) -> Option<()> {
        let mut others: Option<Extent> = None;
        self.extent = Extent::NOTHING;
        loop {
            match self.peek() {
                None | Some(Item::Sign(')')) => {
                    self.extent = others.map_or(self.extent, |others| others.or(self.extent));
                    return Some(());
                }
                Some(Item::Sign('|')) => {
                    self.place += 1;
                    self.write("|");
                    let extent = std::mem::replace(&mut self.extent, Extent::NOTHING);
                    others = Some(others.map_or(extent, |others| others.or(extent)));
                }
                Some(_) => self.quantified()?,
            }
            if self.translated.text.len() > LONGEST_TRANSLATED {
                return None;
            }
        }
    }

    fn quantified(&mut self) -> Option<()> {
        let start = self.translated.text.len();
        match self.atom()? {
            Atom::Flags => Some(()),
            atom => {
                self.takes_characters |= matches!(atom, Atom::Matches);
                self.quantifier(start, atom)
            }
        }
    }

    /// `*`, `+`, `?`, `{2}`, `{2,}`, `{2,3}`, then `?` or `+`, of the atom that was written from `start` on.
    fn quantifier(&mut self, start: usize, atom: Atom) -> Option<()> {
        let (least, most) = match self.peek() {
            Some(Item::Sign('*')) => (0, None),
            Some(Item::Sign('+')) => (1, None),
            Some(Item::Sign('?')) => (0, Some(1)),
            Some(Item::Sign('{')) => {
                self.place += 1;
                self.counts()?
            }
            _ => {
                self.extent.add(self.part);
                return Some(());
            }
        };
        self.place += 1;
        let greed = match self.peek() {
            Some(Item::Sign('?')) => Greed::Lazy,
            Some(Item::Sign('+')) => Greed::Possessive,
            _ => Greed::Greedy,
        };
        self.place += usize::from(greed != Greed::Greedy);
        self.extent.add_repeated(self.part, least, most, greed);
        if let Atom::Asserts = atom {
            self.repeat_assertion(start, least, greed);
            return Some(());
        }
        let quantifier = match (least, most) {
            (0, None) => "*".to_owned(),
            (1, None) => "+".to_owned(),
            (0, Some(1)) => "?".to_owned(),
            (least, Some(most)) => format!("{{{least},{most}}}"),
            (least, None) => format!("{{{least},}}"),
        };
        self.write(&quantifier);
        match greed {
            Greed::Greedy => {}
            Greed::Lazy => self.write("?"),
            // What it has taken it does not give back.
            Greed::Possessive => {
                self.translated.text.insert_str(start, "(?>");
                self.write(")");
                self.translated.needs_backtracking = true;
            }
        }
        Some(())
    }

    /// What takes nothing holds as often as one likes, or may as well be left out: the engines have no quantifier for it.
    fn repeat_assertion(&mut self, start: usize, least: u32, greed: Greed) {
        if least > 0 || start == self.translated.text.len() {
            return;
        }
        let is_lazy = greed == Greed::Lazy;
        let opening = if is_lazy { "(?:|" } else { "(?:" };
        self.translated.text.insert_str(start, opening);
        self.write(if is_lazy { ")" } else { "|)" });
    }

    /// Up to the `}`, which is left.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let least = self.number()?;
        let mut most = Some(least);
        if self.takes(',') {
            let is_open = self.raw() == Some('}');
            most = if is_open { None } else { Some(self.number()?) };
        }
        let is_range = self.raw() == Some('}') && most.is_none_or(|most| most >= least);
        is_range.then_some((least, most))
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = self.raw()?.to_digit(10)?;
        self.place += 1;
        while let Some(digit) = self.raw().and_then(|digit| digit.to_digit(10)) {
            number = number.checked_mul(10)?.checked_add(digit)?;
            self.place += 1;
        }
        Some(number)
    }

    fn atom(&mut self) -> Option<Atom> {
        let item = self.peek()?;
        self.place += 1;
        let sign = match item {
            Item::Quoted(character) => return Some(self.literal(character)),
            Item::Sign(sign) => sign,
        };
        match sign {
            '(' => return self.group(),
            '[' => {
                let class = self.class(Closing::Consumed)?;
                return Some(self.write_class(&class));
            }
            '\\' => return self.escape(),
            '.' => {
                self.dot();
                self.part = Part::Character;
            }
            '^' => {
                self.part = Part::Apart(Extent::NOTHING);
                self.line_start();
                return Some(Atom::Asserts);
            }
            '$' => {
                self.part = Part::Apart(Extent::NOTHING);
                self.line_end(self.flags.multi_line);
                return Some(Atom::Asserts);
            }
            '*' | '+' | '?' => return None,
            // As Java has it: what is repeated is nothing.
            '{' => {
                self.place -= 1;
                self.part = Part::Apart(Extent::NOTHING);
                return Some(Atom::Asserts);
            }
            character => return Some(self.literal(character)),
        }
        Some(Atom::Matches)
    }

    fn group(&mut self) -> Option<Atom> {
        let outside = self.flags;
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut atom = Atom::Matches;
        let mut is_plain = false;
        let mut looks = Looks::Nowhere;
        if self.peek() == Some(Item::Sign('?')) {
            self.place += 1;
            looks = self.looks();
            is_plain = matches!(
                self.items.get(self.place),
                Some(Item::Sign(sign)) if *sign != '<'
            );
            atom = self.special_group()?;
            if let Atom::Flags = atom {
                self.depth -= 1;
                return Some(Atom::Flags);
            }
        } else {
            self.translated.groups += 1;
            self.write("(");
        }
        let takes_outside = std::mem::replace(&mut self.takes_characters, false);
        let extent_outside = self.extent;
        self.alternatives()?;
        let extent = std::mem::replace(&mut self.extent, extent_outside);
        self.part = match looks {
            Looks::Nowhere => Part::Group(extent),
            Looks::AtItself => Part::Apart(extent),
            Looks::Ahead => Part::Apart(Extent::NOTHING),
            // "Look-behind group does not have an obvious maximum length" is what Java says then.
            Looks::Behind if !extent.is_bounded => return None,
            Looks::Behind => Part::Apart(Extent::NOTHING),
        };
        if is_plain && !self.takes_characters {
            atom = Atom::Asserts;
        }
        self.takes_characters = takes_outside;
        self.place += 1;
        if self.items.get(self.place - 1) != Some(&Item::Sign(')')) {
            return None;
        }
        self.write(")");
        self.flags = outside;
        self.depth -= 1;
        Some(atom)
    }

    /// What a group that begins with `(?` looks at.
    fn looks(&self) -> Looks {
        let sign = |at: usize| self.items.get(self.place + at).map(|item| item.character());
        match (sign(0), sign(1)) {
            (Some('=' | '!'), _) => Looks::Ahead,
            (Some('<'), Some('=' | '!')) => Looks::Behind,
            (Some('>'), _) => Looks::AtItself,
            _ => Looks::Nowhere,
        }
    }

    /// What follows on `(?`; [`Atom::Flags`] if that is flags up to the `)`.
    fn special_group(&mut self) -> Option<Atom> {
        let sign = self.raw()?;
        let opening = match sign {
            ':' => "(?:",
            '=' => "(?=",
            '!' => "(?!",
            '>' => "(?>",
            '<' => match self.items.get(self.place + 1)?.character() {
                '=' => "(?<=",
                '!' => "(?<!",
                _ => {
                    self.place += 1;
                    let name = self.name()?;
                    if self.group_of(&name).is_some() {
                        return None;
                    }
                    self.translated.groups += 1;
                    let group = self.translated.groups;
                    self.translated.names.push((name, group));
                    self.write("(");
                    return Some(Atom::Matches);
                }
            },
            _ => return self.inline_flags(),
        };
        self.place += if sign == '<' { 2 } else { 1 };
        self.translated.needs_backtracking |= sign != ':';
        self.write(opening);
        Some(match sign {
            ':' | '>' => Atom::Matches,
            _ => Atom::Asserts,
        })
    }

    fn inline_flags(&mut self) -> Option<Atom> {
        let mut is_set = true;
        loop {
            let sign = self.raw()?;
            self.place += 1;
            let flags = &mut self.flags;
            match sign {
                'i' => flags.ignores_case = is_set,
                'm' => flags.multi_line = is_set,
                's' => flags.dot_is_all = is_set,
                'd' => flags.unix_lines = is_set,
                'u' => flags.unicode_case = is_set,
                // Which forms of a letter are equal is not looked at: texts mostly come composed.
                'c' => {}
                'x' => flags.comments = is_set,
                'U' => {
                    flags.unicode_classes = is_set;
                    flags.unicode_case = is_set;
                }
                '-' if is_set => is_set = false,
                ')' => return Some(Atom::Flags),
                ':' => {
                    self.write("(?:");
                    return Some(Atom::Matches);
                }
                _ => return None,
            }
        }
    }

    /// `name>`
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            let sign = self.raw()?;
            self.place += 1;
            match sign {
                '>' if !name.is_empty() => return Some(name),
                _ if sign.is_ascii_alphabetic() => name.push(sign),
                _ if sign.is_ascii_digit() && !name.is_empty() => name.push(sign),
                _ => return None,
            }
        }
    }

    fn group_of(&self, name: &str) -> Option<usize> {
        let mut names = self.translated.names.iter();
        names
            .find(|(known, _)| known == name)
            .map(|(_, group)| *group)
    }

    fn dot(&mut self) {
        if self.flags.dot_is_all {
            self.write("(?s:.)");
        } else if self.flags.unix_lines {
            self.write(r"[^\n]");
        } else {
            self.write("[^");
            self.write(TERMINATORS);
            self.write("]");
        }
    }

    fn line_start(&mut self) {
        if !self.flags.multi_line {
            return self.write(r"\A");
        }
        self.tells_lines(Lines::Anywhere);
        if self.form == Form::OneLine {
            return self.write(r"\A");
        }
        self.translated.needs_backtracking = true;
        // Not at the end, not even behind a terminator.
        self.write(match self.flags.unix_lines {
            true => r"(?:(?:\A|(?<=\n))(?!\z))",
            false => r"(?:(?:\A|(?<=[\n\x{85}\x{2028}\x{2029}])|(?<=\r)(?!\n))(?!\z))",
        });
    }

    fn line_end(&mut self, is_any_line: bool) {
        self.tells_lines(match is_any_line {
            true => Lines::Anywhere,
            false => Lines::AtEnd,
        });
        if self.form == Form::OneLine {
            return self.write(r"\z");
        }
        self.translated.needs_backtracking = true;
        // Never between `\r` and `\n`.
        self.write(match (is_any_line, self.flags.unix_lines) {
            (true, true) => r"(?:(?=\n)|\z)",
            (false, true) => r"(?:(?=\n\z)|\z)",
            (true, false) => r"(?:(?<!\r)(?=\n)|(?=[\r\x{85}\x{2028}\x{2029}])|\z)",
            (false, false) => r"(?:(?=\r\n\z)|(?<!\r)(?=\n\z)|(?=[\r\x{85}\x{2028}\x{2029}]\z)|\z)",
        });
    }

    fn tells_lines(&mut self, lines: Lines) {
        self.translated.lines = self.translated.lines.max(lines);
    }

    /// What follows on a `\` outside of classes.
    fn escape(&mut self) -> Option<Atom> {
        let sign = self.raw()?;
        let is_assertion = matches!(sign, 'A' | 'z' | 'B' | 'b' | 'G' | 'Z');
        self.part = match is_assertion {
            true => Part::Apart(Extent::NOTHING),
            false => Part::Apart(Extent::characters(2)),
        };
        match sign {
            'A' | 'z' | 'B' => {
                self.place += 1;
                self.write("\\");
                self.translated.text.push(sign);
            }
            'b' => {
                self.place += 1;
                let next = self.items.get(self.place + 1);
                if self.raw() == Some('{') && next == Some(&Item::Sign('g')) {
                    return None;
                }
                self.write("\\b");
            }
            'G' => {
                self.place += 1;
                self.translated.continues = true;
                self.translated.needs_backtracking = true;
                self.write("\\G");
            }
            'Z' => {
                self.place += 1;
                self.line_end(false);
            }
            'R' => {
                self.place += 1;
                self.write(r"(?:\r\n|[\n-\r\x{85}\x{2028}\x{2029}])");
            }
            '1'..='9' => return self.reference(),
            'k' => {
                self.place += 1;
                if !self.takes('<') {
                    return None;
                }
                let name = self.name()?;
                let group = self.group_of(&name)?;
                return Some(self.write_reference(group));
            }
            _ => {
                return Some(match self.escaped()? {
                    Escaped::Character(character) => self.literal(character),
                    Escaped::Class(class) => self.write_class(&class),
                });
            }
        }
        Some(match is_assertion {
            true => Atom::Asserts,
            false => Atom::Matches,
        })
    }

    /// As many digits as there are groups for, but at least one.
    fn reference(&mut self) -> Option<Atom> {
        let mut group = 0;
        while let Some(digit) = self.raw().and_then(|digit| digit.to_digit(10)) {
            let longer = group * 10 + usize::try_from(digit).ok()?;
            if group > 0 && longer > self.translated.groups {
                break;
            }
            group = longer;
            self.place += 1;
        }
        Some(self.write_reference(group))
    }

    fn write_reference(&mut self, group: usize) -> Atom {
        self.part = Part::Reference;
        self.translated.needs_backtracking = true;
        self.highest_reference = self.highest_reference.max(group);
        if group > self.known_groups {
            return self.write_never();
        }
        self.write(match self.flags.ignores_case {
            true => "(?i:\\",
            false => "(?:\\",
        });
        self.write(&group.to_string());
        self.write(")");
        Atom::Matches
    }

    /// What follows on a `\` and means the same in classes and outside.
    fn escaped(&mut self) -> Option<Escaped> {
        let sign = self.raw()?;
        self.place += 1;
        let character = match sign {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'h' | 'H' | 'v' | 'V' => {
                let class = classes::predefined(sign, self.flags.unicode_classes)?;
                return Some(Escaped::Class(class));
            }
            'p' | 'P' => return self.property(sign == 'P').map(Escaped::Class),
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\x0c',
            'a' => '\x07',
            'e' => '\x1b',
            'c' => {
                let control = u32::from(self.raw()?) ^ 64;
                self.place += 1;
                char::from_u32(control)?
            }
            '0' => self.octal()?,
            'x' => self.hexadecimal()?,
            'u' => self.utf16()?,
            _ if sign.is_ascii_alphanumeric() => return None,
            _ => sign,
        };
        Some(Escaped::Character(character))
    }

    /// `L`, `{Lu}`, `{script=Greek}`.
    fn property(&mut self, is_negated: bool) -> Option<ClassUnicode> {
        let mut name = String::new();
        let first = self.raw()?;
        self.place += 1;
        if first == '{' {
            while !self.takes('}') {
                name.push(self.raw()?);
                self.place += 1;
            }
        } else {
            name.push(first);
        }
        let flags = self.flags;
        let mut class = classes::named(&name, flags.unicode_classes, flags.ignores_case)?;
        if is_negated {
            class.negate();
        }
        Some(class)
    }

    /// One to three digits, up to 377.
    fn octal(&mut self) -> Option<char> {
        let mut value = self.raw()?.to_digit(8)?;
        let most = if value <= 3 { 3 } else { 2 };
        self.place += 1;
        for _ in 1..most {
            let Some(digit) = self.raw().and_then(|digit| digit.to_digit(8)) else {
                break;
            };
            value = value * 8 + digit;
            self.place += 1;
        }
        char::from_u32(value)
    }

    /// `41`, `{1F600}`
    fn hexadecimal(&mut self) -> Option<char> {
        if !self.takes('{') {
            return char::from_u32(self.digits(2)?);
        }
        let mut value: u32 = 0;
        let mut is_empty = true;
        while !self.takes('}') {
            let digit = self.raw()?.to_digit(16)?;
            value = value.checked_mul(16)?.checked_add(digit)?;
            self.place += 1;
            is_empty = false;
        }
        char::from_u32(value).filter(|_| !is_empty)
    }

    /// Four digits; two halves of a pair are one character.
    fn utf16(&mut self) -> Option<char> {
        let first = self.digits(4)?;
        if let Some(character) = char::from_u32(first) {
            return Some(character);
        }
        if !(self.takes('\\') && self.takes('u')) {
            return None;
        }
        let units = [first, self.digits(4)?].map(|unit| u16::try_from(unit).unwrap_or(0));
        let mut characters = char::decode_utf16(units);
        let character = characters.next()?.ok();
        character.filter(|_| characters.next().is_none())
    }

    fn digits(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value * 16 + self.raw()?.to_digit(16)?;
            self.place += 1;
        }
        Some(value)
    }

    /// What follows on a `[`, or on a `&&` within.
    fn class(&mut self, closing: Closing) -> Option<ClassUnicode> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let is_negated =
            closing == Closing::Consumed && self.items.get(self.place) == Some(&Item::Sign('^'));
        self.place += usize::from(is_negated);
        let mut class: Option<ClassUnicode> = None;
        loop {
            match self.peek()? {
                Item::Sign('[') => {
                    self.place += 1;
                    let nested = self.class(Closing::Consumed)?;
                    class.get_or_insert_with(ClassUnicode::empty).union(&nested);
                }
                Item::Sign('&') if self.is_intersection() => {
                    self.place += 2;
                    let right = self.intersected()?;
                    match (&mut class, right) {
                        (Some(left), Some(right)) => left.intersect(&right),
                        (Some(_), None) => {}
                        (None, right) => class = Some(right?),
                    }
                }
                // The first is a literal.
                Item::Sign(']') if class.is_some() => break,
                _ => {
                    let range = self.range()?;
                    class.get_or_insert_with(ClassUnicode::empty).union(&range);
                }
            }
        }
        self.place += usize::from(closing == Closing::Consumed);
        self.depth -= 1;
        let mut class = class?;
        if is_negated {
            class.negate();
        }
        Some(class)
    }

    /// The right side of a `&&`, if there is something.
    fn intersected(&mut self) -> Option<Option<ClassUnicode>> {
        let mut right: Option<ClassUnicode> = None;
        loop {
            let side = match self.peek()? {
                Item::Sign(']' | '&') => return Some(right),
                Item::Sign('[') => {
                    self.place += 1;
                    self.class(Closing::Consumed)?
                }
                _ => self.class(Closing::Left)?,
            };
            right.get_or_insert_with(ClassUnicode::empty).union(&side);
        }
    }

    fn is_intersection(&self) -> bool {
        self.items.get(self.place + 1) == Some(&Item::Sign('&'))
    }

    /// A character, a range or a class of a class.
    fn range(&mut self) -> Option<ClassUnicode> {
        let start = match self.class_character()? {
            Escaped::Class(class) => return Some(class),
            Escaped::Character(start) => start,
        };
        let mut end = start;
        if self.peek() == Some(Item::Sign('-')) {
            match self.items.get(self.place + 1)? {
                Item::Sign('[' | ']') => {}
                _ => {
                    self.place += 1;
                    let Escaped::Character(last) = self.class_character()? else {
                        return None;
                    };
                    end = last;
                }
            }
        }
        if end < start {
            return None;
        }
        let mut class = ClassUnicode::new([ClassUnicodeRange::new(start, end)]);
        self.fold(&mut class);
        Some(class)
    }

    fn class_character(&mut self) -> Option<Escaped> {
        let item = self.peek()?;
        self.place += 1;
        match item {
            Item::Sign('\\') => self.escaped(),
            item => Some(Escaped::Character(item.character())),
        }
    }

    fn literal(&mut self, character: char) -> Atom {
        self.part = Part::Character;
        let mut class = ClassUnicode::new([ClassUnicodeRange::new(character, character)]);
        self.fold(&mut class);
        let is_one =
            class.ranges().len() == 1 && class.ranges()[0].start() == class.ranges()[0].end();
        if !is_one {
            return self.write_class(&class);
        }
        if character.is_ascii() && !character.is_ascii_alphanumeric() {
            self.write_code_point(character);
        } else {
            self.translated.text.push(character);
        }
        Atom::Matches
    }

    /// Adds what is equal but for case, if case is not looked at.
    fn fold(&self, class: &mut ClassUnicode) {
        if !self.flags.ignores_case {
            return;
        }
        if self.flags.unicode_case {
            // Its error says that the tables are not compiled in; they are.
            let _ = class.try_case_fold_simple();
            return;
        }
        for (letters, shift) in [('a'..='z', false), ('A'..='Z', true)] {
            let mut other = class.clone();
            let bounds = ClassUnicodeRange::new(*letters.start(), *letters.end());
            other.intersect(&ClassUnicode::new([bounds]));
            let changed = |letter: char| match shift {
                true => letter.to_ascii_lowercase(),
                false => letter.to_ascii_uppercase(),
            };
            let ranges = other.iter();
            let ranges = ranges
                .map(|range| ClassUnicodeRange::new(changed(range.start()), changed(range.end())));
            class.union(&ClassUnicode::new(ranges.collect::<Vec<_>>()));
        }
    }

    fn write_class(&mut self, class: &ClassUnicode) -> Atom {
        self.part = Part::Character;
        if class.ranges().is_empty() {
            return self.write_never();
        }
        self.write("[");
        for range in class.ranges() {
            self.write_code_point(range.start());
            if range.start() < range.end() {
                self.write("-");
                self.write_code_point(range.end());
            }
        }
        self.write("]");
        Atom::Matches
    }

    /// What no text has.
    fn write_never(&mut self) -> Atom {
        self.translated.needs_backtracking = true;
        self.write("(?!)");
        Atom::Asserts
    }

    fn write_code_point(&mut self, character: char) {
        // Writing to a String does not fail.
        let _ = write!(self.translated.text, "\\x{{{:X}}}", u32::from(character));
    }

    fn write(&mut self, text: &str) {
        self.translated.text.push_str(text);
    }

    /// The next item that means something; under `(?x)` blanks and comments are passed.
    fn peek(&mut self) -> Option<Item> {
        while self.flags.comments {
            match self.items.get(self.place)? {
                Item::Sign(' ' | '\t'..='\r') => self.place += 1,
                Item::Sign('#') => {
                    let is_end = |item: &Item| match item.character() {
                        '\n' => true,
                        '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => !self.flags.unix_lines,
                        _ => false,
                    };
                    let mut rest = self.items[self.place..].iter();
                    self.place += rest.position(is_end).unwrap_or(rest.len());
                    // Without an end the comment is the rest of the pattern.
                    if !self.items.get(self.place).is_some_and(is_end) {
                        self.place = self.items.len();
                    }
                }
                _ => break,
            }
        }
        self.items.get(self.place).copied()
    }

    /// The next sign as it stands.
    fn raw(&self) -> Option<char> {
        match self.items.get(self.place)? {
            Item::Sign(sign) => Some(*sign),
            Item::Quoted(_) => None,
        }
    }

    fn takes(&mut self, sign: char) -> bool {
        let is_there = self.raw() == Some(sign);
        self.place += usize::from(is_there);
        is_there
    }
}

#[derive(Debug, Clone, Copy)]
enum Atom {
    Matches,
    /// Takes no character, whether it holds or not.
    Asserts,
    /// `(?i)`: written nothing.
    Flags,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Looks {
    Nowhere,
    Ahead,
    Behind,
    /// It takes what it finds and does not go back: `(?>a)`.
    AtItself,
}

enum Escaped {
    Character(char),
    Class(ClassUnicode),
}

/// What becomes of the `]`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Closing {
    Consumed,
    Left,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expected: Option<&str>) {
        let translated = translate(pattern, Form::OneLine).map(|translated| translated.text);
        assert_eq!(translated.as_deref(), expected, "{pattern}");
    }

    #[test]
    fn what_means_the_same_is_written_in_signs_that_all_engines_share() {
        check("ab1", Some("ab1"));
        check(r"a\.b", Some(r"a\x{2E}b"));
        check("(a|b)*?c{2,}", Some("(a|b)*?c{2,}"));
        check(r"^\d+$", Some(r"\A[\x{30}-\x{39}]+\z"));
        check("(?i)a1", Some(r"[\x{41}\x{61}]1"));
        check("(?i:a)b", Some(r"(?:[\x{41}\x{61}])b"));
        check("(?iu)k", Some(r"[\x{4B}\x{6B}\x{212A}]"));
        check("a++", Some("(?>a+)"));
        check(r"(?:\b(?=a))+\b{2}", Some(r"(?:\b(?=a))\b"));
        check("^*(?=a)+?(?!b)??", Some(r"(?:\A|)(?=a)(?:|(?!b))"));
        check(r"\Q.*\E+", Some(r"\x{2E}\x{2A}+"));
        check("a{2}{3}", Some("a{2,2}"));
        check("[a-c&&[^b]]", Some(r"[\x{61}\x{63}]"));
        check("(?x) a b # c\n d", Some("abd"));
        check("(?<n>a)\\k<n>", Some(r"(a)(?:\1)"));
        check(r"(a)\12", Some(r"(a)(?:\1)2"));
        check(r"\2(a)", Some("(?!)(a)"));
        check(r"\ud83d\ude00", Some("😀"));
        check(r"\x{1F600}\u0041\0101\cA", Some(r"😀AA\x{1}"));
    }

    #[test]
    fn what_java_refuses_is_no_pattern() {
        for pattern in [
            "a**",
            "a{",
            "a{,3}",
            "x{2,1}",
            r"\y",
            "(?<n>a)(?<n>b)",
            "(?P<n>a)",
            "(?R)",
            "(?#c)",
            r"\E",
            "[a--b]",
            "[]",
            "[a",
            "a|*",
            "(",
            "a)",
            "(?i",
            "(?z)",
            r"\k<n>",
            r"[a-\w]",
            r"\08",
            r"\p",
            r"\p{",
            r"\p{lower}",
            r"\p{Letter}",
            "(?<1a>b)",
            "(?<a_b>b)",
            "[z-a]",
            "+a",
            "(?i)*",
            r"\b{g}",
            r"\",
            r"\x4",
            r"\x{}",
            r"\x{110000}",
            r"\ud83d",
        ] {
            check(pattern, None);
        }
    }

    #[test]
    fn a_look_behind_without_a_greatest_length_is_no_pattern() {
        for inside in [
            "a|bc|d{1,3}",
            "a+",
            "xa*",
            ".*x",
            r"\d+?",
            r"\R",
            r"\R{1,3}",
            "(a|b+)?",
            "(?=(a*)*)b",
            "(?>a+)",
            "(a)+?",
            "(a){1,2}+",
            "(ab){2}",
            "[a+]",
            r"\Qa+\E",
            "(a|bc)",
            "(?<=a)b",
            r"\b+a",
            "",
        ] {
            for opening in ["(?<=", "(?<!"] {
                let pattern = format!("{opening}{inside})x");
                assert!(translate(&pattern, Form::AnyText).is_some(), "{pattern}");
            }
        }
        for inside in [
            "xa+?",
            "(?:ab)+",
            "(ab)*",
            "(a|bc)+",
            "(a|bc){1,3}",
            "(a{1,3}){1,3}",
            "(a*)+",
            "(?<n>a)(?:b\\k<n>)",
            r"(a)\1",
            "(a|b)??(c|d){2}",
        ] {
            for opening in ["(?<=", "(?<!"] {
                check(&format!("{opening}{inside})x"), None);
            }
        }
        check(r"(a)(?<=\1)b", None);
    }

    #[test]
    fn a_pattern_has_bounds() {
        check(&"a".repeat(LONGEST + 1), None);
        check(&format!("{}a{}", "(".repeat(1000), ")".repeat(1000)), None);
        check(&"[".repeat(1000), None);
        assert!(translate(&r"\p{L}".repeat(3000), Form::AnyText).is_none());
    }
}
