//! Literals of one column, looked for all at once (Aho and Corasick, 1975).

use aho_corasick::{Anchored, StartKind, automaton, dfa, nfa::contiguous};

/// Sets of literals up to this many bytes get a table with a row for every state, which takes one look a byte, and is small
/// enough here.
const SMALL: usize = 4 << 10;

#[derive(Debug)]
pub(crate) enum Automaton {
    Small(Box<dfa::DFA>),
    Large(Box<contiguous::NFA>),
}

impl Automaton {
    /// One to scan with. `None` if there are too many literals for any automaton, which 32 bits number.
    pub fn anywhere(literals: &[&[u8]]) -> Option<Self> {
        Self::new(literals, StartKind::Unanchored)
    }

    /// One to walk with. `None` if there are too many literals.
    pub fn anchored(literals: &[&[u8]]) -> Option<Self> {
        Self::new(literals, StartKind::Anchored)
    }

    fn new(literals: &[&[u8]], start: StartKind) -> Option<Self> {
        let bytes: usize = literals.iter().map(|literal| literal.len()).sum();
        if bytes <= SMALL {
            let mut dfa = dfa::DFA::builder();
            let dfa = dfa.start_kind(start).prefilter(false).build(literals);
            return Some(Self::Small(Box::new(dfa.ok()?)));
        }
        // This kind starts either way.
        let nfa = contiguous::NFA::builder().prefilter(false).build(literals);
        Some(Self::Large(Box::new(nfa.ok()?)))
    }

    /// Calls `found` with each literal that stands in `text`. Letters of ASCII are made small on the way, so that a text
    /// without others need not be folded first.
    #[inline]
    pub fn scan(&self, text: &[u8], found: impl FnMut(u32)) {
        match self {
            Self::Small(dfa) => scan(&**dfa, text, found),
            Self::Large(nfa) => scan(&**nfa, text, found),
        }
    }

    /// Calls `found` with each literal that `text` begins with, and its length. No more of the text is read than some literal
    /// begins with. Letters of ASCII are made small.
    #[inline]
    pub fn walk(&self, text: impl Iterator<Item = u8>, found: impl FnMut(u32, usize)) {
        match self {
            Self::Small(dfa) => walk(&**dfa, text, found),
            Self::Large(nfa) => walk(&**nfa, text, found),
        }
    }
}

#[inline]
fn scan<A: automaton::Automaton>(automaton: &A, text: &[u8], mut found: impl FnMut(u32)) {
    let Ok(mut state) = automaton.start_state(Anchored::No) else {
        return;
    };
    for byte in text {
        state = automaton.next_state(Anchored::No, state, byte.to_ascii_lowercase());
        if automaton.is_special(state) && automaton.is_match(state) {
            for index in 0..automaton.match_len(state) {
                found(automaton.match_pattern(state, index).as_u32());
            }
        }
    }
}

#[inline]
fn walk<A: automaton::Automaton>(
    automaton: &A,
    text: impl Iterator<Item = u8>,
    mut found: impl FnMut(u32, usize),
) {
    let Ok(mut state) = automaton.start_state(Anchored::Yes) else {
        return;
    };
    for (byte, length) in text.zip(1..) {
        state = automaton.next_state(Anchored::Yes, state, byte.to_ascii_lowercase());
        if !automaton.is_special(state) {
            continue;
        }
        if automaton.is_dead(state) {
            return;
        }
        if !automaton.is_match(state) {
            continue;
        }
        for index in 0..automaton.match_len(state) {
            let literal = automaton.match_pattern(state, index);
            // Literals that only end here are told of, too.
            if automaton.pattern_len(literal) == length {
                found(literal.as_u32(), length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    fn scanned(automaton: &Automaton, text: &[u8]) -> Vec<(u32, usize)> {
        let mut found = Vec::new();
        automaton.scan(text, |literal| found.push((literal, 0)));
        found.sort_unstable();
        found.dedup();
        found
    }

    fn walked(automaton: &Automaton, text: &[u8]) -> Vec<(u32, usize)> {
        let mut found = Vec::new();
        automaton.walk(text.iter().copied(), |literal, length| {
            found.push((literal, length));
        });
        found.sort_unstable();
        found
    }

    proptest! {
        #[test]
        fn few_and_many_literals_are_found_where_they_are(
            literals in btree_set("[ab]{1,4}", 1..12),
            text in "[abABz]{0,12}",
        ) {
            let many = "z".repeat(SMALL);
            let mut literals: Vec<&[u8]> = literals.iter().map(|one| one.as_bytes()).collect();
            for is_large in [false, true] {
                literals.extend(is_large.then_some(many.as_bytes()));
                let anywhere = Automaton::anywhere(&literals).unwrap();
                let anchored = Automaton::anchored(&literals).unwrap();
                prop_assert_eq!(matches!(anywhere, Automaton::Large(_)), is_large);
                prop_assert_eq!(matches!(anchored, Automaton::Large(_)), is_large);
                let small = text.to_ascii_lowercase().into_bytes();
                let (mut inside, mut first) = (Vec::new(), Vec::new());
                for (literal, number) in literals.iter().zip(0..) {
                    if small.windows(literal.len()).any(|window| window == *literal) {
                        inside.push((number, 0));
                    }
                    if small.starts_with(literal) {
                        first.push((number, literal.len()));
                    }
                }
                prop_assert_eq!(scanned(&anywhere, text.as_bytes()), inside);
                prop_assert_eq!(walked(&anchored, text.as_bytes()), first);
            }
        }
    }
}
