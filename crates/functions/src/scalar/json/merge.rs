//! Objects made one: of members of one name the last counts, at the place of the first.

use std::{borrow::Cow, collections::HashMap};

use super::{FEW, Numbers, OpenNames, Quoted, Writer, first_value};

/// Merges the objects of one row after the other, in buffers that are used again.
#[derive(Debug, Default)]
pub struct Merger<'a> {
    members: Vec<Member<'a>>,
    /// Where each name is among them, when there are more than [`FEW`].
    places: HashMap<Cow<'a, str>, usize>,
    names: OpenNames,
}

#[derive(Debug)]
struct Member<'a> {
    name: Quoted<'a>,
    value: &'a str,
    /// Whether the value is written as it is printed.
    is_printed: bool,
}

impl<'a> Merger<'a> {
    /// The object of all members; `None` if a text is no object, or if there is a number in one that Java does not have.
    pub fn merge<'w>(
        &mut self,
        texts: impl Iterator<Item = &'a str>,
        writer: &'w mut Writer,
        numbers: Numbers,
    ) -> Option<&'w str> {
        self.members.clear();
        self.places.clear();
        for text in texts {
            self.read(text, writer, numbers)?;
        }
        writer.start_object();
        for member in &self.members {
            writer.member(member.name, member.value, member.is_printed, numbers)?;
        }
        Some(writer.finish_object())
    }

    fn read(&mut self, text: &'a str, writer: &mut Writer, numbers: Numbers) -> Option<()> {
        first_value(text, |scanner| {
            scanner.object(|scanner, name| {
                let (value, is_printed) = scanner.value_and_form(&mut self.names)?;
                self.put(
                    Member {
                        name,
                        value,
                        is_printed,
                    },
                    writer,
                    numbers,
                )
            })
        })
    }

    fn put(&mut self, member: Member<'a>, writer: &mut Writer, numbers: Numbers) -> Option<()> {
        match self.place(&member.name) {
            Some(place) => {
                let known = self.members.get_mut(place)?;
                if !known.is_printed {
                    // A number that Java does not have counts although it is not printed.
                    writer.json(known.value, numbers)?;
                }
                *known = member;
            }
            None => {
                if !self.places.is_empty() {
                    self.places.insert(member.name.text(), self.members.len());
                }
                self.members.push(member);
            }
        }
        Some(())
    }

    fn place(&mut self, name: &Quoted<'a>) -> Option<usize> {
        if self.members.len() <= FEW {
            return self
                .members
                .iter()
                .position(|member| member.name.is_same(name));
        }
        if self.places.is_empty() {
            let members = self.members.iter().enumerate();
            self.places = members
                .map(|(place, member)| (member.name.text(), place))
                .collect();
        }
        self.places.get(name.text().as_ref()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], expected: Option<&str>) {
        let (mut merger, mut writer) = (Merger::default(), Writer::default());
        // Buffers are used again.
        for _ in 0..2 {
            let merged = merger.merge(texts.iter().copied(), &mut writer, Numbers::Plain);
            assert_eq!(merged, expected, "{texts:?}");
        }
    }

    #[test]
    fn the_last_of_equal_names_counts_at_the_place_of_the_first() {
        check(
            &[r#"{"a":1,"b":{"x":1}}"#, r#"{"c":[],"a":"\n"}"#],
            Some(r#"{"a":"\n","b":{"x":1},"c":[]}"#),
        );
        check(
            &[
                r#" { "a" : 1 , "\u0062" : [ 1.50 ] } x"#,
                r#"{"b":2,"a":{"y":1,"y":-0}}"#,
            ],
            Some(r#"{"a":{"y":0},"b":2}"#),
        );
        check(&[r#"{"\/":1,"/":2}"#], Some(r#"{"/":2}"#));
        check(&["{}"], Some("{}"));
    }

    #[test]
    fn many_names_are_told_apart_too() {
        let object = |value: usize, step: usize| {
            let members = (0..40)
                .step_by(step)
                .map(|name| format!("\"n{name}\":{value}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        };
        let expected: Vec<String> = (0..40)
            .map(|name| format!("\"n{name}\":{}", if name % 2 == 0 { 2 } else { 1 }))
            .collect();
        let expected = format!("{{{}}}", expected.join(","));
        check(&[&object(1, 1), &object(2, 2)], Some(&expected));
    }

    #[test]
    fn a_value_that_is_replaced_must_be_one_all_the_same() {
        check(&[r#"{"a":1e10000}"#, r#"{"a":1}"#], None);
        check(&[r#"{"a":tru}"#, r#"{"a":1}"#], None);
        check(&["[1]"], None);
        check(&["{} x", "{"], None);
    }
}
