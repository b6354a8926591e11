//! Literals of one column, looked for all at once (Aho and Corasick, 1975).

use aho_corasick::{Anchored, automaton::Automaton as _, dfa, nfa::contiguous};

/// Sets of literals up to this many bytes get a table with a row for every state: three times as fast, and small enough to
/// stay in the cache.
const SMALL: usize = 4 << 10;

#[derive(Debug)]
pub(crate) enum Automaton {
    Small(Box<dfa::DFA>),
    Large(Box<contiguous::NFA>),
}

impl Automaton {
    /// `None` if there are too many literals for any automaton, which 32 bits number.
    pub fn new(literals: &[&str]) -> Option<Self> {
        let bytes: usize = literals.iter().map(|literal| literal.len()).sum();
        if bytes <= SMALL {
            let dfa = dfa::DFA::builder()
                .start_kind(aho_corasick::StartKind::Unanchored)
                .prefilter(false)
                .build(literals);
            return Some(Self::Small(Box::new(dfa.ok()?)));
        }
        let nfa = contiguous::NFA::builder().prefilter(false).build(literals);
        Some(Self::Large(Box::new(nfa.ok()?)))
    }

    /// Calls `found` with each literal that stands in `text`, and where it ends. Letters of ASCII are made small on the way,
    /// so that a text without others need not be folded first.
    #[inline]
    pub fn scan(&self, text: &[u8], found: impl FnMut(u32, usize)) {
        match self {
            Self::Small(dfa) => scan(&**dfa, text, found),
            Self::Large(nfa) => scan(&**nfa, text, found),
        }
    }

    pub fn memory(&self) -> usize {
        match self {
            Self::Small(dfa) => dfa.memory_usage(),
            Self::Large(nfa) => nfa.memory_usage(),
        }
    }
}

#[inline]
fn scan<A: aho_corasick::automaton::Automaton>(
    automaton: &A,
    text: &[u8],
    mut found: impl FnMut(u32, usize),
) {
    // Both kinds are built with an unanchored start.
    let Ok(mut state) = automaton.start_state(Anchored::No) else {
        return;
    };
    for (at, byte) in text.iter().enumerate() {
        state = automaton.next_state(Anchored::No, state, byte.to_ascii_lowercase());
        if automaton.is_special(state) && automaton.is_match(state) {
            for index in 0..automaton.match_len(state) {
                found(automaton.match_pattern(state, index).as_u32(), at + 1);
            }
        }
    }
}
