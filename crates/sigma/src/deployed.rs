//! Rules beside those that run already, which somebody may have changed, an older version of this program have written, or
//! another tool have put there.

use weir_sql::{
    ExpressionKind, Span, Statement, Variables,
    expression::Literal,
    parse_statement,
    statement::{InsertSelect, Property, SelectItem},
};

use crate::{
    pages,
    predicate::name,
    rule::{Named, query_id},
};

/// The property with which a statement takes the place of a query that runs.
const OR_REPLACE: &str = "OR_REPLACE";
/// The one that says what the query is called.
const QUERY_ID: &str = "QUERY_ID";

/// What a query that runs says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// The stream that it reads.
    pub stream: String,
    /// What the statement says that its query is called.
    pub query_id: Option<String>,
    /// What its alerts say of their rule.
    pub rule_id: Option<String>,
    pub title: Option<String>,
}

impl Deployed {
    /// By its statement; `None` for what no rule would be.
    pub fn read(statement: &str) -> Option<Self> {
        let insert = insert(statement)?;
        let said = |column: &str| {
            let mut items = insert.query.items.iter();
            items.find_map(|item| match item {
                SelectItem::Expression {
                    expression,
                    alias: Some(alias),
                } if alias.value == column => match &expression.kind {
                    ExpressionKind::Literal(Literal::String(text)) => Some(text.clone()),
                    _ => None,
                },
                _ => None,
            })
        };
        Some(Self {
            query_id: insert
                .properties
                .get(QUERY_ID)
                .and_then(|property| match &property.value {
                    Literal::String(id) => Some(id.clone()),
                    _ => None,
                }),
            rule_id: said("RULE_ID"),
            title: said("RULE_TITLE"),
            stream: insert.query.from.first.name.value.clone(),
        })
    }
}

impl Named {
    /// The id of the query that would run it, as far as it says what it is called.
    pub fn query_id(&self) -> Option<String> {
        self.id
            .as_ref()
            .or(self.title.as_ref())
            .map(|key| query_id(key))
    }
}

/// Whether a query that runs with the statement `running` is what `statement` would make: in whatever layout, with comments, and
/// however it came there.
pub fn is_same(statement: &Statement, running: &str) -> bool {
    if pages::statement(statement) == running.trim_end().trim_end_matches(';') {
        return true;
    }
    insert(running).is_some_and(|running| {
        Statement::InsertSelect(running).to_string() == statement.to_string()
    })
}

/// The statement with which a rule takes the place of what its query runs now, and goes on where that is.
pub fn replacing(statement: &Statement) -> Statement {
    let mut replacing = statement.clone();
    if let Statement::InsertSelect(insert) = &mut replacing {
        insert.properties.entries.push(Property {
            name: name(OR_REPLACE),
            value: Literal::Boolean(true),
            value_span: Span::default(),
        });
    }
    replacing
}

/// Without what it says of the query before it.
fn insert(statement: &str) -> Option<InsertSelect> {
    let text = statement.trim_end().trim_end_matches(';');
    match parse_statement(text, &Variables::default()).ok()?.statement {
        Statement::InsertSelect(mut insert) => {
            let entries = &mut insert.properties.entries;
            entries.retain(|property| property.name.value != OR_REPLACE);
            Some(insert)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Deployed, is_same, replacing};
    use crate::{Mapping, Options, Rules, convert, print};

    const RULE: &str = "
title: A rule
id: 5a1c0a4e-0000-4000-8000-000000000001
logsource: {product: windows, category: process_creation}
detection:
  tool: {Image|endswith: 'it''s ${here}.exe'}
  condition: tool
";

    fn converted() -> weir_sql::Statement {
        let options = Options::new(Mapping::built_in("winlogbeat").unwrap(), "events", "alerts");
        let rules = Rules::parse(RULE, None);
        convert(&rules.rules[0], &options).unwrap().statement
    }

    #[test]
    fn a_statement_is_the_same_in_any_layout_and_another_with_another_word() {
        let statement = converted();
        let page = print(&statement);
        let line = statement.to_string();
        let check = |running: &str, expected: bool| {
            assert_eq!(is_same(&statement, running), expected, "{running}");
        };
        check(&page, true);
        check(&format!("{line};"), true);
        check(
            &line.replace("INSERT INTO", "-- by hand\ninsert  into"),
            true,
        );
        check(&print(&replacing(&statement)), true);
        check(&replacing(&statement).to_string(), true);
        check(&line.replace("here", "there"), false);
        check(&line.replace("A rule", "A role"), false);
        check(&line.replace("`alerts`", "ALERTS"), false);
        check("CREATE STREAM x AS SELECT * FROM y", false);
        check("what is this", false);
        check("", false);
    }

    #[test]
    fn a_query_says_which_rule_it_is() {
        let statement = replacing(&converted()).to_string();
        let expected = Deployed {
            stream: "events".to_owned(),
            query_id: Some("SIGMA_5A1C0A4E_0000_4000_8000_000000000001".to_owned()),
            rule_id: Some("5a1c0a4e-0000-4000-8000-000000000001".to_owned()),
            title: Some("A rule".to_owned()),
        };
        assert_eq!(Deployed::read(&statement), Some(expected));
        let other = Deployed::read("INSERT INTO a SELECT 1 AS RULE_ID, b FROM c EMIT CHANGES;");
        let expected = Deployed {
            stream: "C".to_owned(),
            query_id: None,
            rule_id: None,
            title: None,
        };
        assert_eq!(other, Some(expected));
        assert_eq!(Deployed::read("SELECT * FROM c EMIT CHANGES;"), None);
    }
}
