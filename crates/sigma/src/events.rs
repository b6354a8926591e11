//! The stream of events as it is on a server, and how it grows with what rules need.
//!
//! **Invariant:** what is declared stays as and where it is: columns, and members of objects, come behind those that there are. So
//! a stream may be declared anew while queries read it.

use std::collections::BTreeSet;

use weir_sql::{
    Span, Statement, Variables,
    expression::Literal,
    parse_statement,
    statement::{ColumnDefinition, ColumnRole, CreateSource, Properties, TypeName, TypeNameKind},
};

use crate::{
    convert::{Options, of_kind, properties},
    error::{Error, ErrorKind, shown},
    mapping::FieldPath,
    predicate::name,
    stream::{alerts_stream, events_stream},
};

/// What belongs to a topic that is to be made, and is said once.
const OF_A_NEW_TOPIC: &[&str] = &["PARTITIONS", "REPLICAS", "RETENTION_MS"];

/// The stream of events.
#[derive(Debug, Clone)]
pub struct Events {
    create: CreateSource,
    is_declared: bool,
    has_grown: bool,
}

impl Events {
    /// Not declared yet, with what every event has; `partitions` if its topic is to be made.
    pub fn new(options: &Options, partitions: Option<i32>) -> Result<Self, Error> {
        let Statement::CreateSource(mut create) = events_stream(&BTreeSet::new(), options)? else {
            return Err(cannot_read("the stream of events"));
        };
        if let Some(partitions) = partitions {
            let more = properties(&[("PARTITIONS", Literal::Integer(partitions))]);
            create.properties.entries.extend(more.entries);
        }
        Ok(Self {
            create,
            is_declared: false,
            has_grown: false,
        })
    }

    /// As it is declared: by `statement`, with the columns that it has now as they stand in a CREATE STREAM.
    ///
    /// Fails if what every event has cannot be had from it.
    pub fn declared(statement: &str, columns: &str, options: &Options) -> Result<Self, Error> {
        let mut create = CreateSource {
            or_replace: true,
            if_not_exists: false,
            properties: properties_of(statement)?,
            ..columns_of(columns)?
        };
        create.name = options.stream_ident();
        let mut events = Self {
            create,
            is_declared: true,
            has_grown: false,
        };
        let layout = &options.mapping.layout;
        let own = layout.time.iter().chain(layout.fields.values());
        events.add(&own.cloned().collect())?;
        Ok(events)
    }

    /// Sees to it that the stream has these fields: all of them or, with an error, none.
    pub fn add(&mut self, fields: &BTreeSet<FieldPath>) -> Result<(), Error> {
        let before = (self.create.columns.clone(), self.has_grown);
        for path in fields {
            match self.add_one(path) {
                Ok(is_new) => self.has_grown |= is_new,
                Err(error) => {
                    (self.create.columns, self.has_grown) = before;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn add_one(&mut self, path: &[String]) -> Result<bool, Error> {
        let Some((first, rest)) = path.split_first() else {
            return Ok(false);
        };
        let columns = &mut self.create.columns;
        let Some(column) = columns
            .iter_mut()
            .find(|column| column.name.value == *first)
        else {
            columns.push(ColumnDefinition {
                name: name(first),
                type_name: new_type(rest),
                role: ColumnRole::Value,
                span: Span::default(),
            });
            return Ok(true);
        };
        if column.role != ColumnRole::Value {
            let message = format!(
                "`{}` is no column of the value in the stream `{}`, and rules look for it there",
                shown(first),
                shown(&self.create.name.value)
            );
            return Err(Error::new(ErrorKind::Mapping, message));
        }
        grow(&mut column.type_name, rest, path)
    }

    /// The statement that declares it, or that lets it grow; none if it is there and has all that is needed.
    pub fn statement(&self) -> Option<Statement> {
        match (self.is_declared, self.has_grown) {
            (true, false) => None,
            _ => Some(self.whole()),
        }
    }

    /// What it is then, as a statement.
    pub fn whole(&self) -> Statement {
        let mut create = self.create.clone();
        if !self.is_declared {
            // Nobody knows yet which came first.
            create
                .columns
                .sort_by(|one, other| one.name.value.cmp(&other.name.value));
            for column in &mut create.columns {
                sort(&mut column.type_name);
            }
        }
        Statement::CreateSource(create)
    }
}

/// Why alerts cannot be written into a stream that has these columns, as they stand in a CREATE STREAM.
pub fn check_alerts(columns: &str, options: &Options) -> Result<(), Error> {
    let Statement::CreateSource(wanted) = alerts_stream(options, None) else {
        return Err(cannot_read("the stream of alerts"));
    };
    let found = columns_of(columns)?.columns;
    let listed = |columns: &[ColumnDefinition]| -> Vec<String> {
        let columns = columns.iter();
        let column = |column: &ColumnDefinition| {
            let key = match column.role {
                ColumnRole::Value => "",
                _ => " KEY",
            };
            format!("{} {}{key}", column.name, column.type_name)
        };
        columns.map(column).collect()
    };
    let (found, wanted) = (listed(&found), listed(&wanted.columns));
    if found == wanted {
        return Ok(());
    }
    let stream = shown(&options.stream_of_alerts());
    let at = found
        .iter()
        .zip(&wanted)
        .take_while(|(found, wanted)| found == wanted)
        .count();
    let message = match (found.get(at), wanted.get(at)) {
        (None, Some(missing)) => {
            format!("the stream `{stream}` has no column `{missing}`, and alerts have one")
        }
        (Some(more), None) => format!(
            "the stream `{stream}` has the column `{}`, and alerts have none such",
            shown(more)
        ),
        (Some(other), Some(wanted)) => format!(
            "column {} of the stream `{stream}` is `{}`, and of alerts `{wanted}`",
            at + 1,
            shown(other)
        ),
        (None, None) => format!("the stream `{stream}` is not one of alerts"),
    };
    let is_event = |columns: &[String]| {
        columns
            .last()
            .is_some_and(|last| last.starts_with("EVENT "))
    };
    let hint = match (is_event(&found), is_event(&wanted)) {
        (true, false) => {
            "its alerts carry their events: deploy without --no-event, or into another --sink"
        }
        (false, true) if at + 1 == wanted.len() => {
            "its alerts carry no events: deploy with --no-event, or into another --sink"
        }
        _ => {
            "name another --sink: a topic of its own, whose stream is declared with the first rules"
        }
    };
    Err(Error::new(ErrorKind::Mapping, message).hint(hint))
}

/// Adds a member to a type, if it is not there; whether it was not.
fn grow(type_name: &mut TypeName, path: &[String], whole: &[String]) -> Result<bool, Error> {
    let Some((first, rest)) = path.split_first() else {
        return match type_name.kind {
            TypeNameKind::String => Ok(false),
            _ => Err(is_something_else(whole, type_name, "VARCHAR")),
        };
    };
    let TypeNameKind::Struct(members) = &mut type_name.kind else {
        return Err(is_something_else(
            &whole[..whole.len() - path.len()],
            type_name,
            "STRUCT",
        ));
    };
    match members.iter_mut().find(|(known, _)| known.value == *first) {
        Some((_, member)) => grow(member, rest, whole),
        None => {
            members.push((name(first), new_type(rest)));
            Ok(true)
        }
    }
}

fn is_something_else(path: &[String], found: &TypeName, wanted: &str) -> Error {
    let found = match &found.kind {
        TypeNameKind::Struct(_) => "a STRUCT".to_owned(),
        _ => shown(&found.to_string()),
    };
    let message = format!(
        "the field `{}` is {found} in the stream, and rules need it to be {wanted}",
        shown(&path.join("->"))
    );
    Error::new(ErrorKind::Mapping, message)
}

fn new_type(path: &[String]) -> TypeName {
    let text = of_kind(TypeNameKind::String);
    let members = path.iter().rev();
    members.fold(text, |inner, member| {
        of_kind(TypeNameKind::Struct(vec![(name(member), inner)]))
    })
}

fn sort(type_name: &mut TypeName) {
    if let TypeNameKind::Struct(members) = &mut type_name.kind {
        members.sort_by(|(one, _), (other, _)| one.value.cmp(&other.value));
        for (_, member) in members {
            sort(member);
        }
    }
}

/// A declaration with these columns.
fn columns_of(columns: &str) -> Result<CreateSource, Error> {
    let statement =
        format!("CREATE STREAM x ({columns}) WITH (KAFKA_TOPIC = 'x', VALUE_FORMAT = 'JSON')");
    match parse_statement(&statement, &Variables::default()) {
        Ok(parsed) => match parsed.statement {
            Statement::CreateSource(create) => Ok(create),
            _ => Err(cannot_read(columns)),
        },
        Err(_) => Err(cannot_read(columns)),
    }
}

/// What a declaration says of topic and formats.
fn properties_of(statement: &str) -> Result<Properties, Error> {
    let text = statement.trim_end().trim_end_matches(';');
    let parsed = parse_statement(text, &Variables::default());
    let mut properties = match parsed.map(|parsed| parsed.statement) {
        Ok(Statement::CreateSource(create)) => create.properties,
        Ok(Statement::CreateAsSelect(_)) => {
            let message = "the stream is the result of a query, and cannot have more fields than that gives it";
            return Err(Error::new(ErrorKind::Mapping, message)
                .hint("name a stream of the rules' own over the topic with --stream"));
        }
        _ => return Err(cannot_read(statement)),
    };
    properties
        .entries
        .retain(|entry| !OF_A_NEW_TOPIC.contains(&entry.name.value.as_str()));
    Ok(properties)
}

fn cannot_read(what: &str) -> Error {
    let message = format!("a declaration cannot be read: {}", shown(what));
    Error::new(ErrorKind::Mapping, message)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Events, Variables, check_alerts, parse_statement};
    use crate::{Mapping, Options};

    fn options() -> Options {
        Options::new(Mapping::built_in("flat").unwrap(), "events", "alerts")
    }

    fn fields(paths: &[&str]) -> BTreeSet<Vec<String>> {
        let path = |path: &&str| path.split('.').map(str::to_owned).collect();
        paths.iter().map(path).collect()
    }

    fn columns(events: &Events) -> String {
        let text = events.whole().to_string();
        let (_, rest) = text.split_once('(').unwrap();
        rest.rsplit_once(") WITH").unwrap().0.to_owned()
    }

    #[test]
    fn a_new_stream_has_its_fields_in_the_order_of_their_names() {
        let mut events = Events::new(&options(), Some(3)).unwrap();
        let own = columns(&events);
        events.add(&fields(&["~b.z", "~b.a", "~a"])).unwrap();
        assert_eq!(
            columns(&events),
            format!("{own}, `~a` VARCHAR, `~b` STRUCT<`a` VARCHAR, `z` VARCHAR>")
        );
        let text = events.statement().unwrap().to_string();
        assert!(
            text.starts_with("CREATE STREAM IF NOT EXISTS `events` ("),
            "{text}"
        );
        assert!(
            text.ends_with(" WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON', PARTITIONS = 3)"),
            "{text}"
        );
    }

    #[test]
    fn a_stream_that_is_there_grows_behind_what_it_has() {
        let statement = "CREATE STREAM `events` (a INT) WITH (kafka_topic='events', partitions=4, value_format='JSON', timestamp='x');";
        let own = columns(&Events::new(&options(), None).unwrap());
        let declared = format!(
            "`k` VARCHAR KEY, `h` BYTES HEADER('it''s'), `o` STRUCT<`z` VARCHAR, `n` STRUCT<`x` BIGINT>, `l` ARRAY<VARCHAR>>, {own}"
        );
        let mut events = Events::declared(statement, &declared, &options()).unwrap();
        assert_eq!(events.statement(), None);
        events.add(&fields(&["o.z"])).unwrap();
        assert_eq!(events.statement(), None);
        events.add(&fields(&["o.n.a", "o.b", "new.one"])).unwrap();
        let grown = declared
            .replace("`x` BIGINT>", "`x` BIGINT, `a` VARCHAR>")
            .replace("ARRAY<VARCHAR>>", "ARRAY<VARCHAR>, `b` VARCHAR>");
        let expected = format!(
            "CREATE OR REPLACE STREAM `events` ({grown}, `new` STRUCT<`one` VARCHAR>) WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON', TIMESTAMP = 'x')"
        );
        let statement = events.statement().unwrap();
        assert_eq!(statement.to_string(), expected);
        // As a person reads it, too.
        let page = crate::print(&statement);
        let read = parse_statement(&page, &Variables::default()).unwrap();
        assert_eq!(read.statement.to_string(), expected, "{page}");
    }

    #[test]
    fn a_field_that_is_something_else_is_refused_and_leaves_nothing() {
        let own = columns(&Events::new(&options(), None).unwrap());
        let declared = format!("`k` VARCHAR KEY, `o` STRUCT<`n` INT>, `t` VARCHAR, {own}");
        let statement =
            "CREATE STREAM `events` (a INT) WITH (kafka_topic='events', value_format='JSON')";
        let mut events = Events::declared(statement, &declared, &options()).unwrap();
        let before = events.whole();
        let mut check = |path: &str, expected: &str| {
            let error = events.add(&fields(&["a.new", path])).unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert_eq!(events.whole(), before);
            assert_eq!(events.statement(), None, "there is nothing to declare");
        };
        check(
            "o.n",
            "the field `o->n` is INTEGER in the stream, and rules need it to be VARCHAR",
        );
        check(
            "o",
            "the field `o` is a STRUCT in the stream, and rules need it to be VARCHAR",
        );
        check(
            "t.x",
            "the field `t` is VARCHAR in the stream, and rules need it to be STRUCT",
        );
        check(
            "k",
            "`k` is no column of the value in the stream `events`, and rules look for it there",
        );
    }

    #[test]
    fn alerts_go_where_alerts_are() {
        let options = options();
        let none = Options {
            has_event: false,
            ..options.clone()
        };
        let own = |options: &Options| {
            let text = crate::alerts_stream(options, None).to_string();
            let (_, rest) = text.split_once('(').unwrap();
            rest.rsplit_once(") WITH").unwrap().0.to_owned()
        };
        assert_eq!(check_alerts(&own(&options), &options), Ok(()));
        assert_eq!(check_alerts(&own(&none), &none), Ok(()));
        let check = |columns: &str, options: &Options, expected: &str| {
            let error = check_alerts(columns, options).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            &own(&none),
            &options,
            "has no column `EVENT VARCHAR`, and alerts have one (its alerts carry no events: deploy with --no-event",
        );
        check(
            &own(&options),
            &none,
            "has the column `EVENT VARCHAR`, and alerts have none such (its alerts carry their events: deploy without",
        );
        check(
            "a INT",
            &options,
            "column 1 of the stream `alerts` is `A INTEGER`, and of alerts `RULE_ID VARCHAR` (name another --sink",
        );
    }
}
