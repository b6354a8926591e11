//! Where a group stands, as far as the match alone tells it.
//!
//! Between the match's ends and a group there is often nothing but signs of a known length: `id=(\d+);`, `"([^"]*)"`. Then
//! the group is where the match is, less so many bytes, and no second look is needed to find it.

use regex_syntax::hir::{Hir, HirKind};

/// A place in a match, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    FromStart(usize),
    FromEnd(usize),
}

/// Both edges of each group, the whole match first; `None` where they are not known, or where the group may take no part.
#[derive(Debug, Default)]
pub struct Edges(Vec<Option<[Edge; 2]>>);

impl Edges {
    /// Of a pattern as `regex` reads it.
    pub fn of(pattern: &str) -> Self {
        let mut edges = Self::default();
        if let Ok(pattern) = regex_syntax::parse(pattern) {
            edges.visit(&pattern, Some(Edge::FromStart(0)), Some(Edge::FromEnd(0)));
        }
        edges
    }

    pub fn get(&self, group: usize) -> Option<[Edge; 2]> {
        *self.0.get(group)?
    }

    /// What of a group is alone in a branch or repeated is not looked at: it may take no part, or several.
    fn visit(&mut self, part: &Hir, start: Option<Edge>, end: Option<Edge>) {
        match part.kind() {
            HirKind::Capture(capture) => {
                let group = capture.index as usize;
                if self.0.len() <= group {
                    self.0.resize(group + 1, None);
                }
                self.0[group] = start.zip(end).map(|(start, end)| [start, end]);
                self.visit(&capture.sub, start, end);
            }
            HirKind::Concat(parts) => {
                let mut edges = vec![None; parts.len() + 1];
                edges[0] = start;
                edges[parts.len()] = end;
                for (at, part) in parts.iter().enumerate() {
                    let after = || edges[at]?.after(length(part)?);
                    edges[at + 1] = edges[at + 1].or_else(after);
                }
                for (at, part) in parts.iter().enumerate().rev() {
                    let before = || edges[at + 1]?.before(length(part)?);
                    edges[at] = edges[at].or_else(before);
                }
                for (part, edges) in parts.iter().zip(edges.windows(2)) {
                    self.visit(part, edges[0], edges[1]);
                }
            }
            _ => {}
        }
    }
}

/// In bytes, if it is always the same.
fn length(part: &Hir) -> Option<usize> {
    let (least, most) = (
        part.properties().minimum_len(),
        part.properties().maximum_len(),
    );
    least.filter(|_| least == most)
}

impl Edge {
    fn after(self, length: usize) -> Option<Self> {
        Some(match self {
            Self::FromStart(at) => Self::FromStart(at.checked_add(length)?),
            Self::FromEnd(at) => Self::FromEnd(at.checked_sub(length)?),
        })
    }

    fn before(self, length: usize) -> Option<Self> {
        Some(match self {
            Self::FromStart(at) => Self::FromStart(at.checked_sub(length)?),
            Self::FromEnd(at) => Self::FromEnd(at.checked_add(length)?),
        })
    }

    /// Where it is in a match that is there.
    pub fn at(self, start: usize, end: usize) -> usize {
        match self {
            Self::FromStart(at) => start + at,
            Self::FromEnd(at) => end.saturating_sub(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Edge::*, *};

    #[test]
    fn groups_between_parts_of_known_length() {
        let check = |pattern: &str, expected: &[Option<[Edge; 2]>]| {
            let edges = Edges::of(pattern);
            let found: Vec<_> = (1..=expected.len()).map(|group| edges.get(group)).collect();
            assert_eq!(found, expected, "{pattern}");
        };
        check("([a-z]+)", &[Some([FromStart(0), FromEnd(0)])]);
        check(r#"\b"([^"]*)""#, &[Some([FromStart(1), FromEnd(1)])]);
        check("é(a*)[bc]{2}", &[Some([FromStart(2), FromEnd(2)])]);
        check(
            "((a)(b*)c)(d)",
            &[
                Some([FromStart(0), FromEnd(1)]),
                Some([FromStart(0), FromStart(1)]),
                Some([FromStart(1), FromEnd(2)]),
                Some([FromEnd(1), FromEnd(0)]),
            ],
        );
        check("(a+)(b+)", &[None, None]);
        check("a*(b)c*", &[None]);
        check(
            "a*(b)(c)",
            &[
                Some([FromEnd(2), FromEnd(1)]),
                Some([FromEnd(1), FromEnd(0)]),
            ],
        );
        check("(a)|b", &[None]);
        check("(a)?b", &[None]);
        check("(a){2}", &[None]);
        check("[aé](b)", &[Some([FromEnd(1), FromEnd(0)])]);
        check("()", &[Some([FromStart(0), FromEnd(0)])]);
    }

    #[test]
    fn they_are_where_the_engine_finds_them() {
        let texts = [
            "id=17;name=x;",
            "\"a\" \"éé\"",
            "2026-11-26 a@b",
            "aab",
            "",
            "(x)[y]",
        ];
        for pattern in [
            r"(\w+)=",
            r"=(\w+);",
            r#""([^"]*)""#,
            r"(([0-9]{4})-([0-9]+))-([0-9]{2})",
            r"(.*)@(b)",
            "(a*)(b)",
            r"(\()(.)(\))",
            "(^)(a)(a?)",
            r"(.)$",
        ] {
            let (engine, edges) = (regex::Regex::new(pattern).unwrap(), Edges::of(pattern));
            let mut known = 0;
            for captures in texts.iter().flat_map(|text| engine.captures_iter(text)) {
                let whole = captures.get(0).unwrap();
                for group in 1..engine.captures_len() {
                    if let Some(edges) = edges.get(group) {
                        let found = edges.map(|edge| edge.at(whole.start(), whole.end()));
                        let group = captures.get(group).unwrap();
                        assert_eq!(found, [group.start(), group.end()], "{pattern}");
                        known += 1;
                    }
                }
            }
            assert!(known > 0, "{pattern}");
        }
    }
}
