//! The members that are read, with the columns that they fill.

use weir_catalog::{Field, SqlType};

use crate::{ColumnRequest, column::Column};

/// A place in a document, and what is made of the value there. Nearly always one thing; several if queries declare the
/// same member differently.
#[derive(Debug, Default)]
pub struct Node {
    pub targets: Vec<Target>,
}

/// One reading of a value.
#[derive(Debug)]
pub struct Target {
    /// Targets are numbered in the order of a walk: those below this one are `id..end`.
    pub id: usize,
    pub end: usize,
    /// For messages: `WINLOG->EVENT_DATA->COMMANDLINE`.
    pub name: String,
    /// The requests that a misfit here spoils.
    pub users: Vec<usize>,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {
    Scalar {
        sql_type: SqlType,
        column: Column,
    },
    Struct(Struct),
    List {
        element: Box<Node>,
        offsets: Vec<i32>,
        is_valid: Vec<bool>,
    },
    Map {
        keys: Column,
        value: Box<Node>,
        offsets: Vec<i32>,
        is_valid: Vec<bool>,
        /// Entries, in order, whose key comes again in the same map: the last one counts.
        replaced: Vec<usize>,
    },
}

#[derive(Debug, Default)]
pub struct Struct {
    pub members: Vec<Member>,
    pub is_valid: Vec<bool>,
}

#[derive(Debug)]
pub struct Member {
    pub name: String,
    /// Whether a key in another case can mean this member: its own name is in upper case.
    pub is_folded: bool,
    /// The member whose name in upper case this one's is another spelling of: a key that is exactly this name means both.
    pub twin: Option<usize>,
    pub node: Node,
    /// In the object that is being read: not met yet, met in another case, met exactly.
    pub seen: Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    No,
    Folded,
    Exact,
}

/// Where a request's column is: a path of targets.
pub type Place = Vec<Step>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Member(usize),
    Target(usize),
}

impl Node {
    /// The tree of all requests below an object; `roots` are their places.
    pub fn of(requests: &[ColumnRequest]) -> (Self, Vec<Place>) {
        let mut root = Self::default();
        let places = requests
            .iter()
            .enumerate()
            .map(|(request, column)| {
                root.add_path(&column.path, &column.sql_type, request, String::new())
            })
            .collect();
        root.number(&mut 0);
        (root, places)
    }

    /// The tree of a value that stands alone: the one column itself is the document.
    pub fn of_value(requests: &[ColumnRequest]) -> (Self, Vec<Place>) {
        let mut root = Self::default();
        let places = requests
            .iter()
            .enumerate()
            .map(|(request, column)| {
                let name = column.path.first().cloned().unwrap_or_default();
                root.add_path(&column.path[1..], &column.sql_type, request, name)
            })
            .collect();
        root.number(&mut 0);
        (root, places)
    }

    fn add_path(
        &mut self,
        path: &[String],
        sql_type: &SqlType,
        request: usize,
        name: String,
    ) -> Place {
        let Some((first, rest)) = path.split_first() else {
            return vec![Step::Target(self.add_type(sql_type, request, &name))];
        };
        let target = self.struct_target(request, &name);
        let Kind::Struct(structure) = &mut self.targets[target].kind else {
            return Vec::new();
        };
        let member = structure.member(first);
        let inner = if name.is_empty() {
            first.clone()
        } else {
            format!("{name}->{first}")
        };
        let mut place = vec![Step::Target(target), Step::Member(member)];
        place.extend(
            structure.members[member]
                .node
                .add_path(rest, sql_type, request, inner),
        );
        place
    }

    fn struct_target(&mut self, request: usize, name: &str) -> usize {
        let known = self
            .targets
            .iter()
            .position(|target| matches!(target.kind, Kind::Struct(_)));
        self.use_or_add(known, request, name, || Kind::Struct(Struct::default()))
    }

    fn use_or_add(
        &mut self,
        known: Option<usize>,
        request: usize,
        name: &str,
        kind: impl FnOnce() -> Kind,
    ) -> usize {
        let index = known.unwrap_or_else(|| {
            self.targets.push(Target {
                id: 0,
                end: 0,
                name: name.to_owned(),
                users: Vec::new(),
                kind: kind(),
            });
            self.targets.len() - 1
        });
        if !self.targets[index].users.contains(&request) {
            self.targets[index].users.push(request);
        }
        index
    }

    fn add_type(&mut self, sql_type: &SqlType, request: usize, name: &str) -> usize {
        match sql_type {
            SqlType::Struct(fields) => {
                let target = self.struct_target(request, name);
                if let Kind::Struct(structure) = &mut self.targets[target].kind {
                    for Field {
                        name: field,
                        sql_type,
                    } in fields.iter()
                    {
                        let member = structure.member(field);
                        structure.members[member].node.add_type(
                            sql_type,
                            request,
                            &format!("{name}->{field}"),
                        );
                    }
                }
                target
            }
            SqlType::Array(element) => {
                // Lists of different elements are different lists: their offsets are their own.
                let target = self.use_or_add(None, request, name, || Kind::List {
                    element: Box::default(),
                    offsets: vec![0],
                    is_valid: Vec::new(),
                });
                if let Kind::List { element: node, .. } = &mut self.targets[target].kind {
                    node.add_type(element, request, &format!("{name}[]"));
                }
                target
            }
            SqlType::Map(_, value) => {
                let target = self.use_or_add(None, request, name, || Kind::Map {
                    keys: Column::new(&SqlType::String),
                    value: Box::default(),
                    offsets: vec![0],
                    is_valid: Vec::new(),
                    replaced: Vec::new(),
                });
                if let Kind::Map { value: node, .. } = &mut self.targets[target].kind {
                    node.add_type(value, request, &format!("{name}[]"));
                }
                target
            }
            scalar => {
                let known = self
                    .targets
                    .iter()
                    .position(|target| matches!(&target.kind, Kind::Scalar { sql_type, .. } if sql_type == scalar));
                self.use_or_add(known, request, name, || Kind::Scalar {
                    sql_type: scalar.clone(),
                    column: Column::new(scalar),
                })
            }
        }
    }

    fn number(&mut self, next: &mut usize) {
        for target in &mut self.targets {
            target.id = *next;
            *next += 1;
            match &mut target.kind {
                Kind::Scalar { .. } => {}
                Kind::Struct(structure) => structure
                    .members
                    .iter_mut()
                    .for_each(|member| member.node.number(next)),
                Kind::List { element: node, .. } | Kind::Map { value: node, .. } => {
                    node.number(next)
                }
            }
            target.end = *next;
        }
    }

    /// Forgets the rows from `row` on, in everything below.
    pub fn truncate(&mut self, row: usize) {
        self.targets
            .iter_mut()
            .for_each(|target| target.truncate(row));
    }

    /// The ids of the targets here and below.
    pub fn ids(&self) -> std::ops::Range<usize> {
        match (self.targets.first(), self.targets.last()) {
            (Some(first), Some(last)) => first.id..last.end,
            _ => 0..0,
        }
    }
}

impl Target {
    /// Forgets the rows from `row` on, here and in everything below.
    pub fn truncate(&mut self, row: usize) {
        match &mut self.kind {
            Kind::Scalar { column, .. } => column.truncate(row),
            Kind::Struct(structure) => {
                structure.is_valid.truncate(row);
                structure
                    .members
                    .iter_mut()
                    .for_each(|member| member.node.truncate(row));
            }
            Kind::List {
                element,
                offsets,
                is_valid,
            } => {
                is_valid.truncate(row);
                offsets.truncate(row + 1);
                element.truncate(offsets.last().map_or(0, |end| *end as usize));
            }
            Kind::Map {
                keys,
                value,
                offsets,
                is_valid,
                replaced,
            } => {
                is_valid.truncate(row);
                offsets.truncate(row + 1);
                let end = offsets.last().map_or(0, |end| *end as usize);
                replaced.truncate(replaced.partition_point(|entry| *entry < end));
                keys.truncate(end);
                value.truncate(end);
            }
        }
    }
}

impl Struct {
    fn member(&mut self, name: &str) -> usize {
        let known = self.members.iter().position(|member| member.name == name);
        known.unwrap_or_else(|| {
            let upper = name.to_uppercase();
            let is_folded = upper == name;
            let index = self.members.len();
            let twin = match is_folded {
                true => None,
                false => self.members.iter().position(|other| other.name == upper),
            };
            if is_folded {
                for other in &mut self.members {
                    if other.name.to_uppercase() == name {
                        other.twin = Some(index);
                    }
                }
            }
            self.members.push(Member {
                name: name.to_owned(),
                is_folded,
                twin,
                node: Node::default(),
                seen: Seen::No,
            });
            index
        })
    }

    /// The member that a key means, and how.
    pub fn find(&self, key: &str) -> Option<(usize, Seen)> {
        let mut folded = None;
        for (index, member) in self.members.iter().enumerate() {
            if member.name.len() == key.len() {
                if member.name == key {
                    return Some((index, Seen::Exact));
                }
                if member.is_folded && member.name.eq_ignore_ascii_case(key) {
                    folded = Some((index, Seen::Folded));
                }
            }
        }
        if folded.is_none() && !key.is_ascii() {
            let upper = key.to_uppercase();
            let index = self
                .members
                .iter()
                .position(|member| member.is_folded && member.name == upper)?;
            return Some((index, Seen::Folded));
        }
        folded
    }

    /// Marks the object at `row` as there; rows before it that were not are NULL.
    pub fn open(&mut self, row: usize) {
        self.is_valid.resize(row, false);
        self.is_valid.push(true);
        self.members
            .iter_mut()
            .for_each(|member| member.seen = Seen::No);
    }
}
