//! Literals of one column, looked for all at once (Aho and Corasick, 1975).

use aho_corasick::{Anchored, StartKind, automaton::Automaton, dfa, nfa::contiguous};

/// Sets of literals up to this many bytes are scanned for with a table that has a row for every state: one look a byte, and
/// fifteen times the memory of the other kind.
const SMALL: usize = 1 << 10;

/// Finds literals wherever they stand in a text.
#[derive(Debug)]
pub(crate) enum Scanner {
    Table(Box<dfa::DFA>),
    Compact(Box<contiguous::NFA>),
}

/// Finds literals that a text begins with.
#[derive(Debug)]
pub(crate) struct Walker(Box<contiguous::NFA>);

impl Scanner {
    /// `None` if there are too many literals for any automaton, which 32 bits number.
    pub fn new(literals: &[&[u8]]) -> Option<Self> {
        let bytes: usize = literals.iter().map(|literal| literal.len()).sum();
        if bytes > SMALL {
            return compact(literals).map(Self::Compact);
        }
        let mut dfa = dfa::DFA::builder();
        let dfa = dfa.start_kind(StartKind::Unanchored).prefilter(false);
        Some(Self::Table(Box::new(dfa.build(literals).ok()?)))
    }

    /// Calls `found` with each literal that stands in `text`. Letters of ASCII are made small on the way, so that a text
    /// without others need not be folded first.
    #[inline]
    pub fn scan(&self, text: &[u8], found: impl FnMut(u32)) {
        match self {
            Self::Table(dfa) => scan(&**dfa, text, found),
            Self::Compact(nfa) => scan(&**nfa, text, found),
        }
    }
}

impl Walker {
    /// `None` if there are too many literals.
    pub fn new(literals: &[&[u8]]) -> Option<Self> {
        compact(literals).map(Self)
    }

    /// Calls `found` with each literal that `text` begins with, and its length. No more of the text is read than some literal
    /// begins with. Letters of ASCII are made small.
    #[inline]
    pub fn walk(&self, text: impl Iterator<Item = u8>, mut found: impl FnMut(u32, usize)) {
        let nfa = &*self.0;
        let Ok(mut state) = nfa.start_state(Anchored::Yes) else {
            return;
        };
        for (byte, length) in text.zip(1..) {
            state = nfa.next_state(Anchored::Yes, state, byte.to_ascii_lowercase());
            if !nfa.is_special(state) {
                continue;
            }
            if nfa.is_dead(state) {
                return;
            }
            if !nfa.is_match(state) {
                continue;
            }
            for index in 0..nfa.match_len(state) {
                let literal = nfa.match_pattern(state, index);
                // Literals that only end here are told of, too.
                if nfa.pattern_len(literal) == length {
                    found(literal.as_u32(), length);
                }
            }
        }
    }
}

/// Of this kind one starts anywhere or at the beginning.
fn compact(literals: &[&[u8]]) -> Option<Box<contiguous::NFA>> {
    let nfa = contiguous::NFA::builder().prefilter(false).build(literals);
    Some(Box::new(nfa.ok()?))
}

#[inline]
fn scan<A: Automaton>(automaton: &A, text: &[u8], mut found: impl FnMut(u32)) {
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

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    fn scanned(automaton: &Scanner, text: &[u8]) -> Vec<(u32, usize)> {
        let mut found = Vec::new();
        automaton.scan(text, |literal| found.push((literal, 0)));
        found.sort_unstable();
        found.dedup();
        found
    }

    fn walked(automaton: &Walker, text: &[u8]) -> Vec<(u32, usize)> {
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
                let anywhere = Scanner::new(&literals).unwrap();
                let anchored = Walker::new(&literals).unwrap();
                prop_assert_eq!(matches!(anywhere, Scanner::Compact(_)), is_large);
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
