//! Statements as a person reads them: one condition a line, one alternative a line where a list is long.
//!
//! **Invariant:** what is written here is read as the same tree that `weir-sql` prints on one line.

use std::fmt::Display;

use weir_sql::{
    Expression, ExpressionKind, Ident, Statement,
    expression::LikePattern,
    statement::{ColumnRole, CreateSource, InsertSelect, SelectItem, TypeName, TypeNameKind},
};

use crate::rule::Rule;

/// How long a line may be before it is broken.
const WIDTH: usize = 130;

/// The statement of a rule, with a head that says which rule it is.
pub(crate) fn rule(rule: &Rule, statement: &Statement) -> String {
    let mut page = Page::default();
    page.comment(&rule.title);
    let facts = [&rule.id, &rule.level, &rule.author];
    let facts: Vec<&str> = facts.into_iter().flatten().map(String::as_str).collect();
    if !facts.is_empty() {
        page.comment(&facts.join(" · "));
    }
    for reference in &rule.references {
        page.comment(reference);
    }
    page.statement(statement);
    page.text
}

/// Which part of a record a column is in, behind its type.
fn role(role: &ColumnRole) -> String {
    match role {
        ColumnRole::Value => String::new(),
        ColumnRole::Key => " KEY".to_owned(),
        ColumnRole::PrimaryKey => " PRIMARY KEY".to_owned(),
        ColumnRole::Headers => " HEADERS".to_owned(),
        ColumnRole::Header(key) => format!(" HEADER('{}')", key.replace('\'', "''")),
    }
}

/// A statement without a head.
pub fn statement(statement: &Statement) -> String {
    let mut page = Page::default();
    page.statement(statement);
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
    indent: usize,
}

impl Page {
    /// A line of its own; a line break in it would end the comment.
    fn comment(&mut self, text: &str) {
        let harmless = |c: char| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        };
        let text: String = text.chars().map(harmless).collect();
        self.text.push_str("-- ");
        self.text.push_str(text.trim());
        self.text.push('\n');
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', self.indent));
    }

    fn add(&mut self, what: impl Display) {
        use std::fmt::Write;
        // A String takes everything.
        let _ = write!(self.text, "{what}");
    }

    fn indented(&mut self, by: usize, write: impl FnOnce(&mut Self)) {
        self.indent += by;
        write(self);
        self.indent -= by;
    }

    /// How long the last line is so far.
    fn column(&self) -> usize {
        let start = self.text.rfind('\n').map_or(0, |at| at + 1);
        self.text
            .get(start..)
            .map_or(0, |line| line.chars().count())
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::InsertSelect(insert) => self.insert(insert),
            Statement::CreateSource(create) => self.create(create),
            other => self.add(other),
        }
    }

    fn insert(&mut self, insert: &InsertSelect) {
        let query = &insert.query;
        self.add(format_args!(
            "INSERT INTO {}{}",
            insert.target, insert.properties
        ));
        self.line();
        self.add("SELECT ");
        self.indented(7, |page| {
            for (index, item) in query.items.iter().enumerate() {
                if index > 0 {
                    page.add(",");
                    page.line();
                }
                page.item(item);
            }
        });
        self.line();
        self.add(format_args!("FROM {}", query.from));
        if let Some(filter) = &query.filter {
            self.line();
            self.add("WHERE ");
            self.indented(2, |page| page.expression(filter, 0));
        }
        if query.emit.is_some() {
            self.line();
            self.add("EMIT CHANGES");
        }
    }

    fn item(&mut self, item: &SelectItem) {
        match item {
            SelectItem::Expression {
                expression,
                alias: Some(alias),
            } => self.add(format_args!("{expression} AS {alias}")),
            SelectItem::Expression { expression, .. } => self.add(expression),
            SelectItem::AllFields(expression) => self.add(format_args!("{expression}->*")),
            SelectItem::All { .. } => self.add("*"),
        }
    }

    fn create(&mut self, create: &CreateSource) {
        let words = [
            ("OR REPLACE ", create.or_replace),
            ("SOURCE ", create.is_source),
        ];
        let words = words.iter().filter(|(_, is_said)| *is_said);
        let words: String = words.map(|(words, _)| *words).collect();
        let condition = if create.if_not_exists {
            "IF NOT EXISTS "
        } else {
            ""
        };
        self.add(format_args!(
            "CREATE {words}{} {condition}{} (",
            create.kind, create.name
        ));
        self.indented(2, |page| {
            for (index, column) in create.columns.iter().enumerate() {
                if index > 0 {
                    page.add(",");
                }
                page.line();
                page.add(format_args!("{} ", column.name));
                page.type_name(&column.type_name);
                page.add(role(&column.role));
            }
        });
        self.line();
        self.add(format_args!("){}", create.properties));
    }

    /// Columns or members, one a line.
    fn named_types<'a>(&mut self, all: impl Iterator<Item = (&'a Ident, &'a TypeName)>) {
        for (index, (name, type_name)) in all.enumerate() {
            if index > 0 {
                self.add(",");
            }
            self.line();
            self.add(format_args!("{name} "));
            self.type_name(type_name);
        }
    }

    fn type_name(&mut self, type_name: &TypeName) {
        let line = type_name.to_string();
        let TypeNameKind::Struct(fields) = &type_name.kind else {
            return self.add(line);
        };
        if self.column() + line.chars().count() < WIDTH {
            return self.add(line);
        }
        self.add("STRUCT<");
        self.indented(2, |page| {
            page.named_types(fields.iter().map(|(name, type_name)| (name, type_name)));
        });
        self.line();
        self.add(">");
    }

    /// `behind` characters come after it on its line.
    fn expression(&mut self, expression: &Expression, behind: usize) {
        let is_chain =
            |kind: &ExpressionKind| matches!(kind, ExpressionKind::And(_) | ExpressionKind::Or(_));
        let room = WIDTH.saturating_sub(self.column() + behind);
        // A chain of chains is broken in any case: the inner ones are what a person looks for.
        let is_flat = match &expression.kind {
            ExpressionKind::And(operands) | ExpressionKind::Or(operands) => {
                !operands.iter().any(|operand| is_chain(&operand.kind))
            }
            _ => true,
        };
        if is_flat && let Some(line) = short(expression, room) {
            return self.add(line);
        }
        match &expression.kind {
            ExpressionKind::And(operands) => self.chain(operands, "AND "),
            ExpressionKind::Or(operands) => self.chain(operands, "OR "),
            ExpressionKind::Not(operand) => {
                self.add("NOT ");
                self.operand(operand);
            }
            ExpressionKind::Like {
                operand,
                is_negated,
                ignores_case,
                pattern: LikePattern::Any(patterns),
                escape,
            } if is_simple(operand) => {
                let not = if *is_negated { "NOT " } else { "" };
                let operator = if *ignores_case { "ILIKE" } else { "LIKE" };
                self.add(format_args!("{operand} {not}{operator} ANY ("));
                self.list(patterns);
                if let Some(escape) = escape {
                    self.add(format_args!(
                        " ESCAPE '{}'",
                        escape.to_string().replace('\'', "''")
                    ));
                }
            }
            ExpressionKind::In {
                operand,
                is_negated,
                items,
            } if is_simple(operand) => {
                let not = if *is_negated { "NOT " } else { "" };
                self.add(format_args!("{operand} {not}IN ("));
                self.list(items);
            }
            _ => self.add(expression),
        }
    }

    /// One a line, to the closing parenthesis.
    fn list(&mut self, items: &[Expression]) {
        self.indented(2, |page| {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    page.add(",");
                }
                page.line();
                page.add(item);
            }
        });
        self.line();
        self.add(")");
    }

    fn chain(&mut self, operands: &[Expression], operator: &str) {
        for (index, operand) in operands.iter().enumerate() {
            if index > 0 {
                self.line();
                self.add(operator);
            }
            self.operand(operand);
        }
    }

    /// What is part of another: chains stand between parentheses, whether SQL asks for it or not.
    fn operand(&mut self, operand: &Expression) {
        if !matches!(operand.kind, ExpressionKind::And(_) | ExpressionKind::Or(_)) {
            return self.indented(2, |page| page.expression(operand, 1));
        }
        let room = WIDTH.saturating_sub(self.column() + 2);
        if let Some(line) = short(operand, room) {
            return self.add(format_args!("({line})"));
        }
        self.add("(");
        self.indented(2, |page| {
            page.line();
            page.expression(operand, 0);
        });
        self.line();
        self.add(")");
    }
}

/// On one line, if it has room there.
fn short(expression: &Expression, room: usize) -> Option<String> {
    // What is surely too long is not written out to be measured.
    if least(expression, room) > room {
        return None;
    }
    let line = expression.to_string();
    (line.chars().count() <= room && !line.contains('\n')).then_some(line)
}

/// At least so many signs; not counted much past `enough`.
fn least(expression: &Expression, enough: usize) -> usize {
    let operands: &[Expression] = match &expression.kind {
        ExpressionKind::And(operands) | ExpressionKind::Or(operands) => operands,
        ExpressionKind::In { items, .. } => items,
        ExpressionKind::Like {
            pattern: LikePattern::Any(patterns),
            ..
        } => patterns,
        ExpressionKind::Not(operand) => return 4 + least(operand, enough),
        _ => return 1,
    };
    let mut sum = 0;
    for operand in operands {
        if sum > enough {
            break;
        }
        sum += 4 + least(operand, enough);
    }
    sum
}

/// Whether an operand of a comparison needs no parentheses.
fn is_simple(operand: &Expression) -> bool {
    matches!(
        operand.kind,
        ExpressionKind::Column { .. }
            | ExpressionKind::Dereference { .. }
            | ExpressionKind::Call { .. }
            | ExpressionKind::Cast { .. }
    )
}
