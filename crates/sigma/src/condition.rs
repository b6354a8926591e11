//! A rule's condition: names of its selections, joined by `not`, `and`, `or` (tightest first) and parentheses, and `1 of sel_*`, `all of
//! them`, `2 of …`.

use weir_sql::Position;

use crate::{
    error::{Error, ErrorKind, shown},
    term::Term,
};

/// How deep parentheses and `not` may nest.
const MAX_DEPTH: usize = 64;
const LONGEST: usize = 1 << 20;

/// The names that a condition may use, and what they stand for.
pub trait Selections {
    fn names(&self) -> Vec<&str>;
    fn term(&self, name: &str) -> Result<Term, Error>;
}

pub fn parse(condition: &str, place: Position, selections: &dyn Selections) -> Result<Term, Error> {
    let fail = |message: String| Error::new(ErrorKind::Condition, message).at(place);
    if condition.len() > LONGEST {
        return Err(fail(format!(
            "the condition has {} bytes; at most {LONGEST} are read",
            condition.len()
        )));
    }
    if condition.contains('|') {
        let message = "the condition has a `|`: aggregations are of an older Sigma";
        return Err(fail(message.to_owned()).hint("write a correlation in its place"));
    }
    let mut parser = Parser {
        condition,
        at: 0,
        depth: 0,
        selections,
    };
    let parsed = parser.or().and_then(|term| match parser.peek() {
        None => Ok(term),
        Some(_) => Err(parser.expected("`and`, `or` or the end")),
    });
    parsed.map_err(|error| error.at(place))
}

struct Parser<'a> {
    condition: &'a str,
    at: usize,
    depth: usize,
    selections: &'a dyn Selections,
}

impl<'a> Parser<'a> {
    /// The next word or parenthesis.
    fn peek(&self) -> Option<&'a str> {
        let rest = self.condition.get(self.at..)?.trim_start();
        if rest.starts_with(['(', ')']) {
            return rest.get(..1);
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == '(' || c == ')');
        rest.get(..end.unwrap_or(rest.len()))
            .filter(|word| !word.is_empty())
    }

    fn advance(&mut self) {
        let rest = self.condition.get(self.at..).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start().len();
        self.at += blanks + self.peek().map_or(0, str::len);
    }

    fn eat(&mut self, word: &str) -> bool {
        let is_next = self
            .peek()
            .is_some_and(|next| next.eq_ignore_ascii_case(word));
        if is_next {
            self.advance();
        }
        is_next
    }

    fn expected(&self, what: &str) -> Error {
        let found = match self.peek() {
            Some(word) => format!("`{}`", shown(word)),
            None => "the end".to_owned(),
        };
        let column = self
            .condition
            .get(..self.at)
            .map_or(0, |before| before.chars().count())
            + 1;
        let message = format!(
            "expected {what} at character {column} of the condition `{}`, found {found}",
            shown(self.condition)
        );
        Error::new(ErrorKind::Condition, message)
    }

    fn or(&mut self) -> Result<Term, Error> {
        let mut terms = vec![self.and()?];
        while self.eat("or") {
            terms.push(self.and()?);
        }
        Ok(Term::any(terms))
    }

    fn and(&mut self) -> Result<Term, Error> {
        let mut terms = vec![self.not()?];
        while self.eat("and") {
            terms.push(self.not()?);
        }
        Ok(Term::all(terms))
    }

    fn not(&mut self) -> Result<Term, Error> {
        let mut is_negated = false;
        while self.eat("not") {
            is_negated = !is_negated;
        }
        let operand = self.operand()?;
        Ok(if is_negated { operand.not() } else { operand })
    }

    fn operand(&mut self) -> Result<Term, Error> {
        if self.eat("(") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                let message = format!("the condition nests deeper than {MAX_DEPTH} parentheses");
                return Err(Error::new(ErrorKind::Condition, message));
            }
            let inner = self.or()?;
            self.depth -= 1;
            if !self.eat(")") {
                return Err(self.expected("`)`"));
            }
            return Ok(inner);
        }
        let is_name = |word: &str| {
            let keywords = ["and", "or", "not", "of", ")"];
            !keywords
                .iter()
                .any(|keyword| word.eq_ignore_ascii_case(keyword))
        };
        let Some(word) = self.peek().filter(|word| is_name(word)) else {
            return Err(self.expected("the name of a selection"));
        };
        self.advance();
        if self.eat("of") {
            return self.quantified(word);
        }
        self.selection(word)
    }

    fn selection(&self, name: &str) -> Result<Term, Error> {
        let names = self.selections.names();
        if names.contains(&name) {
            return self.selections.term(name);
        }
        let message = format!(
            "the condition names `{}`, which the rule does not have",
            shown(name)
        );
        let has: Vec<String> = names
            .iter()
            .take(20)
            .map(|name| format!("`{}`", shown(name)))
            .collect();
        Err(Error::new(ErrorKind::Condition, message).hint(format!("it has {}", has.join(", "))))
    }

    /// What follows `1 of`.
    fn quantified(&mut self, quantity: &str) -> Result<Term, Error> {
        let Some(of) = self.peek().filter(|word| !matches!(*word, "(" | ")")) else {
            return Err(self.expected("`them`, or a name with `*`"));
        };
        self.advance();
        let pattern = if of.eq_ignore_ascii_case("them") {
            "*"
        } else {
            of
        };
        let names = self.selections.names();
        let is_meant = |name: &&&str| {
            (pattern.starts_with('_') || !name.starts_with('_')) && fits(pattern, name)
        };
        let meant = names.iter().filter(is_meant);
        let terms = meant
            .map(|name| self.selections.term(name))
            .collect::<Result<Vec<_>, _>>()?;
        if terms.is_empty() {
            let message = format!(
                "no selection of the rule is meant by `{quantity} of {}`",
                shown(of)
            );
            return Err(Error::new(ErrorKind::Condition, message));
        }
        if quantity.eq_ignore_ascii_case("all") {
            return Ok(Term::all(terms));
        }
        let least = match quantity {
            any if any.eq_ignore_ascii_case("any") => Some(1),
            number => number.parse().ok().filter(|number| *number > 0),
        };
        match least {
            None => {
                let message = format!("`{} of` says no number", shown(quantity));
                Err(Error::new(ErrorKind::Condition, message)
                    .hint("write `1 of`, `all of` or another number from 1"))
            }
            Some(least) if least > terms.len() => {
                let message = format!(
                    "`{least} of {}` asks for more selections than the {} that are meant",
                    shown(of),
                    terms.len()
                );
                Err(Error::new(ErrorKind::Condition, message))
            }
            Some(least) => Ok(Term::at_least(least, terms)),
        }
    }
}

/// Whether a name is what a pattern with `*` and `?` says.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on when the last `*` must take one more.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(sign) if *sign == '?' || *sign == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, taken)) = star else {
                    return false;
                };
                star = Some((at, taken + 1));
                p = at + 1;
                n = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|sign| *sign == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{Check, Test};

    struct Names(&'static [&'static str]);

    impl Selections for Names {
        fn names(&self) -> Vec<&str> {
            self.0.to_vec()
        }

        fn term(&self, name: &str) -> Result<Term, Error> {
            Ok(Term::Test(Test {
                field: Some(name.to_owned()),
                check: Check::Regular(Vec::new()),
            }))
        }
    }

    fn show(term: &Term) -> String {
        let list = |terms: &[Term]| terms.iter().map(show).collect::<Vec<_>>().join(" ");
        match term {
            Term::And(terms) => format!("(and {})", list(terms)),
            Term::Or(terms) => format!("(or {})", list(terms)),
            Term::Not(term) => format!("(not {})", show(term)),
            Term::AtLeast(least, terms) => format!("({least} {})", list(terms)),
            Term::Test(test) => test.field.clone().unwrap(),
        }
    }

    const NAMES: Names = Names(&["a", "b", "sel_1", "sel_2", "sel_3", "_sel_4", "filter"]);

    fn parsed(condition: &str) -> Result<Term, Error> {
        parse(condition, Position { line: 1, column: 1 }, &NAMES)
    }

    #[test]
    fn precedence_and_quantities() {
        let check = |condition: &str, expected: &str| {
            assert_eq!(show(&parsed(condition).unwrap()), expected, "{condition}");
        };
        check("a", "a");
        check("a or b and not filter", "(or a (and b (not filter)))");
        check("(a or b) and not filter", "(and (or a b) (not filter))");
        check("not (a or b)", "(not (or a b))");
        check("not not a", "a");
        check("NOT a AND b", "(and (not a) b)");
        check("a and (b and filter)", "(and a b filter)");
        check("1 of sel_*", "(or sel_1 sel_2 sel_3)");
        check("any of sel_*", "(or sel_1 sel_2 sel_3)");
        check("all of sel_*", "(and sel_1 sel_2 sel_3)");
        check("2 of sel_*", "(2 sel_1 sel_2 sel_3)");
        check("3 of sel_*", "(and sel_1 sel_2 sel_3)");
        check("1 of _sel*", "_sel_4");
        check("1 of filter", "filter");
        check("1 of *_2", "sel_2");
        check("1 of them", "(or a b sel_1 sel_2 sel_3 filter)");
        check("all of *", "(and a b sel_1 sel_2 sel_3 filter)");
        check(
            "not 1 of sel_* or(a)",
            "(or (not (or sel_1 sel_2 sel_3)) a)",
        );
    }

    #[test]
    fn errors_say_what_was_found() {
        let check = |condition: &str, expected: &str| {
            let error = parsed(condition).unwrap_err();
            assert!(error.to_string().contains(expected), "{condition}: {error}");
        };
        check("", "expected the name of a selection");
        check("a and", "found the end");
        check("a b", "expected `and`, `or` or the end at character 2");
        check("(a", "expected `)`");
        check("a)", "found `)`");
        check(
            "c",
            "names `c`, which the rule does not have (it has `a`, `b`",
        );
        check("1 of x*", "no selection of the rule is meant by `1 of x*`");
        check("4 of sel_*", "asks for more selections than the 3");
        check("0 of sel_*", "says no number");
        check("a | count() > 5", "aggregations");
        check(&"(".repeat(100), "nests deeper");
        check("of", "expected the name");
    }

    #[test]
    fn many_operands_are_one_level() {
        let condition = vec!["a"; 20_000].join(" or ");
        let Term::Or(terms) = parsed(&condition).unwrap() else {
            panic!("no chain");
        };
        assert_eq!(terms.len(), 20_000);
        assert!(parsed(&"not ".repeat(100_000)).is_err());
    }
}
