//! The one line of `sasl.jaas.config`: `MODULE required username="…" password="…";`.
//!
//! **Invariant:** what is wrong with the line is said without quoting it.

use super::config::Secret;

pub(super) struct Login {
    pub module: String,
    pub username: String,
    pub password: Secret,
}

pub(super) fn parse(line: &str) -> Result<Login, &'static str> {
    let line = line.trim();
    let Some(line) = line.strip_suffix(';') else {
        return Err("does not end with a semicolon");
    };
    let mut words = Words { rest: line };
    let module = words.next()?.ok_or("is empty")?;
    match words.next()?.as_deref() {
        Some("required" | "requisite" | "sufficient" | "optional") => {}
        _ => return Err("has no `required` after the login module"),
    }
    let (mut username, mut password) = (None, None);
    while let Some(name) = words.next()? {
        let value = words.value()?;
        match name.as_str() {
            "username" => username = Some(value),
            "password" => password = Some(value),
            _ => return Err("has an option other than username and password"),
        }
    }
    Ok(Login {
        module,
        username: username
            .filter(|name| !name.is_empty())
            .ok_or("has no username")?,
        password: Secret::new(password.ok_or("has no password")?),
    })
}

struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    /// A bare word: up to white space or `=`.
    fn next(&mut self) -> Result<Option<String>, &'static str> {
        self.rest = self.rest.trim_start();
        if self.rest.is_empty() {
            return Ok(None);
        }
        let is_end = |c: char| c.is_whitespace() || c == '=';
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() || word.contains(['"', ';']) {
            return Err("cannot be read");
        }
        self.rest = rest;
        Ok(Some(word.to_owned()))
    }

    /// `=`, then a word, or a text in quotes in which `\` takes the next character as it is.
    fn value(&mut self) -> Result<String, &'static str> {
        let rest = self.rest.trim_start();
        let Some(rest) = rest.strip_prefix('=') else {
            return Err("has an option without a value");
        };
        let rest = rest.trim_start();
        let Some(quoted) = rest.strip_prefix('"') else {
            self.rest = rest;
            return Ok(self.next()?.unwrap_or_default());
        };
        let mut value = String::new();
        let mut characters = quoted.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &quoted[at + 1..];
                    return Ok(value);
                }
                '\\' => value.push(characters.next().ok_or("has a quote that does not end")?.1),
                other => value.push(other),
            }
        }
        Err("has a quote that does not end")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<(&str, &str, &str), &str>) {
        let found = parse(line);
        let found = found
            .as_ref()
            .map(|login| {
                (
                    login.module.as_str(),
                    login.username.as_str(),
                    login.password.reveal(),
                )
            })
            .map_err(|what| *what);
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn the_login_is_read() {
        check(
            r#"a.Plain required username="alice" password="s3cret";"#,
            Ok(("a.Plain", "alice", "s3cret")),
        );
        check(
            "m required\n  username=alice\n  password = x ;",
            Ok(("m", "alice", "x")),
        );
        check(
            r#"m required username="a b" password="q\"uo\\te;=";"#,
            Ok(("m", "a b", r#"q"uo\te;="#)),
        );
        check(
            r#"m required password="" username="a";"#,
            Ok(("m", "a", "")),
        );
    }

    #[test]
    fn what_is_wrong_is_said_without_the_line() {
        check(
            r#"m required username="a" password="b""#,
            Err("does not end with a semicolon"),
        );
        check(
            r#"m username="a" password="b";"#,
            Err("has no `required` after the login module"),
        );
        check(r#"m required username="a";"#, Err("has no password"));
        check(r#"m required password="b";"#, Err("has no username"));
        check(
            r#"m required username="" password="b";"#,
            Err("has no username"),
        );
        check(
            r#"m required username="a" password="b;"#,
            Err("has a quote that does not end"),
        );
        check(
            r#"m required username "a";"#,
            Err("has an option without a value"),
        );
        check(
            r#"m required token="a";"#,
            Err("has an option other than username and password"),
        );
        check(";", Err("is empty"));
    }
}
