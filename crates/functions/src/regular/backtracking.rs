//! The backtracking engine, with as many steps as a text's length allows.
//!
//! A step may hand the rest of the text to the linear engine, where the pattern has a repetition without end: then steps times
//! length are bounded. A pattern without one looks only so far from where it stands: then the steps grow with the text, and
//! no text is too long for it.

use std::sync::OnceLock;

use super::{CACHE, SIZE, java::Translated};

/// Texts are of one of these lengths at most, in bytes; longer ones are given up.
const LENGTHS: [usize; 4] = [4 << 10, 64 << 10, 1 << 20, 16 << 20];

/// Steps times length, where a step may look at the whole text.
const WORK: usize = 1 << 32;

/// For each byte, where it looks only so far; and so many for a short text.
const STEPS_A_BYTE: usize = 8;
const LEAST_STEPS: usize = 100_000;

#[derive(Debug)]
pub(super) struct Backtracking {
    pattern: String,
    continues: bool,
    looks_far: bool,
    /// Compiled for texts of each length, when there is one.
    engines: [OnceLock<Option<fancy_regex::Regex>>; LENGTHS.len()],
}

impl Backtracking {
    pub fn compile(translated: &Translated) -> Option<Self> {
        let made = Self {
            pattern: translated.text.clone(),
            continues: translated.continues,
            looks_far: looks_far(&translated.text),
            engines: Default::default(),
        };
        // What is no pattern is none for short texts too.
        made.of("")?;
        Some(made)
    }

    /// The engine for a text; `None` if it is too long.
    pub fn of(&self, text: &str) -> Option<&fancy_regex::Regex> {
        let class = LENGTHS.iter().position(|length| text.len() <= *length)?;
        let engine = self.engines.get(class)?;
        engine.get_or_init(|| self.build(LENGTHS[class])).as_ref()
    }

    fn build(&self, length: usize) -> Option<fancy_regex::Regex> {
        fancy_regex::RegexBuilder::new(&self.pattern)
            .backtrack_limit(steps(self.looks_far, length))
            .delegate_size_limit(SIZE)
            .delegate_dfa_size_limit(CACHE)
            .max_prog_size(SIZE / 64)
            .allow_input_assertion_overrides(self.continues)
            .build()
            .ok()
    }
}

fn steps(looks_far: bool, length: usize) -> usize {
    match looks_far {
        true => WORK / length,
        false => LEAST_STEPS + STEPS_A_BYTE * length,
    }
}

/// Whether a repetition without end, or a back-reference, is in the pattern.
fn looks_far(pattern: &str) -> bool {
    let mut characters = pattern.chars().peekable();
    let mut classes = 0_usize;
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let escaped = characters.next();
                let is_reference = |escaped: char| escaped.is_ascii_digit() || escaped == 'k';
                if classes == 0 && escaped.is_some_and(is_reference) {
                    return true;
                }
            }
            '[' => classes += 1,
            ']' => classes = classes.saturating_sub(1),
            '*' | '+' if classes == 0 => return true,
            '{' if classes == 0 => {
                let mut last = ' ';
                while let Some(inner) = characters.next_if(|inner| *inner != '}') {
                    last = inner;
                }
                if last == ',' {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{LENGTHS, WORK, looks_far, steps};

    #[test]
    fn steps_times_length_are_bounded_where_a_step_may_look_far() {
        for length in LENGTHS {
            assert!(steps(true, length) * length <= WORK);
            assert!(steps(false, length) > 2 * length);
        }
    }

    #[test]
    fn repetitions_without_end_look_far() {
        for far in [
            "(?=a*)b",
            "(?<!x)a+",
            "a{2,}(?!b)",
            r"(a)\1",
            r"\[a*",
            r"(?<x>a)\k<x>",
        ] {
            assert!(looks_far(far), "{far}");
        }
        for near in [
            "(?<!x)needle",
            r"(?<!\d)\d{4}(?!\d)",
            "[*+](?=[{2,}])",
            r"\*(?!\+)",
            "a{2,3}(?=b)",
        ] {
            assert!(!looks_far(near), "{near}");
        }
    }
}
