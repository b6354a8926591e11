//! Rules by the thousand out of a few: the same selections over the same columns, with other names in them.
//!
//! A name keeps its beginning and its ending and gets a word in between, as the tools of one maker do: `\powershell.exe` becomes
//! `\powershellmora.exe`. Programs come from a small stock, the unchanged ones among them, since in a real pack a thousand rules
//! are about the same hundred programs; all else is a rule's own. Numbers, networks, and what is no text to look for stay.
//!
//! **Invariant:** the rule of a number is the same for the same rules and seed, on every machine.

use sha2::{Digest, Sha256};
use weir_sigma::Rule;

/// How many words names of programs take.
const PROGRAMS: u64 = 64;

/// Of so many names of programs, one is unchanged.
const UNCHANGED: u64 = 4;

/// What stands under these is no text that events are searched for.
const OTHER: [&str; 8] = [
    "cidr", "exists", "expand", "fieldref", "gt", "gte", "lt", "lte",
];

const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 5] = b"aeiou";

/// The rules that are varied, and what the names come from.
pub struct Variations {
    rules: Vec<Rule>,
    seed: u64,
}

impl Variations {
    /// `None` of no rules.
    pub fn of(rules: Vec<Rule>, seed: u64) -> Option<Self> {
        (!rules.is_empty()).then_some(Self { rules, seed })
    }

    pub fn id(&self, number: u32) -> String {
        let digest = self.digest(&format!("{number}"));
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        // Version 8 of UUIDs is for those that are made in a way of one's own.
        format!(
            "{}-{}-8{}-8{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..15],
            &hex[15..18],
            &hex[18..30]
        )
    }

    pub fn rule(&self, number: u32) -> Rule {
        let rule = &self.rules[number as usize % self.rules.len()];
        let title = format!("{}, variation {number}", rule.title);
        let mut place = 0_u32;
        rule.with_texts(self.id(number), title, |key, text| {
            place += 1;
            self.varied(number, place, key, text)
        })
    }

    /// Another text for the one in this place of a rule.
    fn varied(&self, number: u32, place: u32, key: &str, text: &str) -> String {
        let mut parts = key.split('|');
        let field = parts.next().unwrap_or_default();
        let modifiers: Vec<&str> = parts.collect();
        let is_other = modifiers.iter().any(|modifier| OTHER.contains(modifier));
        if is_other || matches!(text, "" | "*" | "true" | "false") {
            return text.to_owned();
        }
        let chance = self.chance(&format!("{number}/{place}"));
        if modifiers.contains(&"re") {
            return format!("{text}.*{}", word(chance));
        }
        if field.ends_with("Image") {
            return match chance % UNCHANGED {
                0 => text.to_owned(),
                _ => {
                    let program = format!("program {}", chance / UNCHANGED % PROGRAMS);
                    with_word(text, &word(self.chance(&program)))
                }
            };
        }
        if let Some(digits) = text.strip_prefix("0x") {
            return format!("0x{}", other_end(digits, chance));
        }
        if !text.contains(char::is_alphanumeric) {
            return format!("{text}{}", chance % 256);
        }
        with_word(text, &word(chance))
    }

    fn chance(&self, of: &str) -> u64 {
        let digest = self.digest(of);
        digest[..8]
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn digest(&self, of: &str) -> [u8; 32] {
        Sha256::digest(format!("{}/{of}", self.seed)).into()
    }
}

/// Three syllables.
fn word(mut chance: u64) -> String {
    let mut word = String::with_capacity(6);
    for _ in 0..3 {
        for letters in [&CONSONANTS[..], VOWELS] {
            let count = letters.len() as u64;
            word.push(char::from(letters[(chance % count) as usize]));
            chance /= count;
        }
    }
    word
}

/// The text with a word behind the longest of its own, the last of these.
fn with_word(text: &str, word: &str) -> String {
    let own = text.split(|character: char| !character.is_alphanumeric());
    let longest = own.max_by_key(|own| own.len()).unwrap_or_default();
    // Where it is last, it is not a part of a longer one: there is none.
    let end = text
        .rfind(longest)
        .map_or(text.len(), |start| start + longest.len());
    format!("{}{word}{}", &text[..end], &text[end..])
}

/// Hexadecimal digits of which the second half is another.
fn other_end(digits: &str, chance: u64) -> String {
    let kept = digits.len() / 2;
    let end = digits.char_indices().skip(kept).enumerate();
    let end = end.map(|(place, _)| {
        let digit = (chance >> (4 * (place % 16))) & 0xf;
        char::from_digit(digit as u32, 16).unwrap_or('0')
    });
    digits.chars().take(kept).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, path::Path};

    use weir_engine::parts::RuleOptions;
    use weir_sigma::{Mapping, Options, Rules, convert};

    use super::*;
    use crate::sigma::Loaded;

    fn options() -> Options {
        let mapping = Mapping::built_in("winlogbeat").unwrap();
        Options::new(mapping, "wineventlogs", "windows_alerts")
    }

    fn pack(seed: u64) -> Variations {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
        Variations::of(Rules::load(&folder).unwrap().rules, seed).unwrap()
    }

    fn predicate(rule: &Rule) -> String {
        convert(rule, &options()).unwrap().predicate.to_string()
    }

    #[test]
    fn every_variation_can_be_run_and_is_another_rule() {
        let pack = pack(1);
        let rules: Vec<Rule> = (0..400).map(|number| pack.rule(number)).collect();
        let texts: HashSet<String> = rules.iter().map(predicate).collect();
        assert_eq!(texts.len(), rules.len(), "each asks for something else");
        let ready = Loaded::of(&rules, options())
            .ready(RuleOptions::default())
            .unwrap();
        assert_eq!(ready.rules.len(), rules.len(), "{:?}", ready.left_out);
        let titles: HashSet<&str> = rules.iter().map(|rule| rule.title.as_str()).collect();
        let ids: HashSet<&str> = rules.iter().map(Rule::key).collect();
        assert_eq!((titles.len(), ids.len()), (rules.len(), rules.len()));
    }

    #[test]
    fn a_seed_makes_the_same_rules_again() {
        let told = |seed| {
            let pack = pack(seed);
            let rules = (0..40).map(|number| pack.rule(number));
            let told = rules.map(|rule| (rule.key().to_owned(), predicate(&rule)));
            told.collect::<Vec<_>>()
        };
        assert_eq!(told(7), told(7));
        assert!(
            told(7)
                .iter()
                .zip(told(8))
                .all(|(one, other)| one.0 != other.0 && one.1 != other.1)
        );
    }

    #[track_caller]
    fn check(key: &str, text: &str, expected: &str) {
        let varied = pack(1).varied(5, 3, key, text);
        assert_eq!(varied, expected, "{key}: {text}");
    }

    #[test]
    fn a_name_keeps_its_beginning_and_its_ending() {
        check("TargetFilename|endswith", ".exe", ".exerirojo");
        check(
            "CommandLine|contains",
            "AntiVirusProduct",
            "AntiVirusProductrirojo",
        );
        check(
            "Details|contains",
            r"\AppData\Roaming\",
            r"\AppData\Roamingrirojo\",
        );
        check(
            "SourceImage",
            r"C:\Windows\CCM\CcmExec.exe",
            r"C:\Windows\CCM\CcmExeckojumi.exe",
        );
        check("GrantedAccess", "0x1410", "0x14b9");
        check("IpAddress|contains", ".", ".155");
        check("CommandLine|re|i", "enc[a-z]+", "enc[a-z]+.*rirojo");
        check("IpAddress|cidr", "10.0.0.0/8", "10.0.0.0/8");
        check("Initiated", "true", "true");
        check("User|expand", "%admins%", "%admins%");
        check("User", "", "");
    }
}
