//! Who may ask: users with passwords, and tokens, from a file.
//!
//! ```text
//! # one a line
//! user:alice:correct horse battery staple
//! user:bob:{SHA256}9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//! token:0123456789abcdef
//! token:{SHA256}…
//! ```
//!
//! What is compared are digests of equal length, in constant time, and always with all of them: how long it takes says
//! nothing about what is in the file.

use std::{fmt, path::Path};

use base64::Engine as _;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use weir_engine::Error;

/// No file of credentials is longer.
const LONGEST: u64 = 1 << 20;

type Secret = [u8; 32];

/// What the requests' `Authorization` is checked against.
#[derive(Clone, Default)]
pub struct Credentials {
    /// Of `name:password`.
    users: Vec<Secret>,
    tokens: Vec<Secret>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Credentials({} users, {} tokens)",
            self.users.len(),
            self.tokens.len()
        )
    }
}

impl Credentials {
    pub fn read(path: &Path) -> Result<Self, Error> {
        let cannot = |error: &dyn fmt::Display| {
            Error::user(format!("cannot read `{}`: {error}", path.display()))
        };
        let facts = std::fs::metadata(path).map_err(|error| cannot(&error))?;
        if facts.len() > LONGEST {
            return Err(cannot(&format!("it has more than {LONGEST} bytes")));
        }
        warn_if_open(path, &facts);
        let text = std::fs::read_to_string(path).map_err(|error| cannot(&error))?;
        Self::parse(&text).map_err(|error| cannot(&error))
    }

    /// An error names a line, never what stands in it.
    fn parse(text: &str) -> Result<Self, Error> {
        let mut credentials = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end_matches('\r');
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let refuse = |why: &str| {
                Error::user(format!(
                    "line {}: {why}, expected `user:NAME:PASSWORD` or `token:TOKEN`",
                    index + 1
                ))
            };
            match line.split_once(':') {
                Some(("user", rest)) => match rest.split_once(':') {
                    Some((name, password)) if !name.is_empty() && !password.is_empty() => {
                        credentials
                            .users
                            .push(of_user(name, password).ok_or_else(|| {
                                refuse("`{SHA256}` is not followed by 64 hexadecimal digits")
                            })?);
                    }
                    _ => return Err(refuse("no name or no password")),
                },
                Some(("token", token)) if !token.is_empty() => {
                    credentials.tokens.push(digest(token).ok_or_else(|| {
                        refuse("`{SHA256}` is not followed by 64 hexadecimal digits")
                    })?);
                }
                _ => return Err(refuse("neither a user nor a token")),
            }
        }
        if credentials.users.is_empty() && credentials.tokens.is_empty() {
            return Err(Error::user(
                "there is no user and no token in it, expected lines `user:NAME:PASSWORD` or `token:TOKEN`",
            ));
        }
        Ok(credentials)
    }

    /// Whether the value of an `Authorization` header is one of them.
    pub fn accept(&self, authorization: &str) -> bool {
        let Some((scheme, value)) = authorization.trim().split_once(' ') else {
            return false;
        };
        let value = value.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.accept_token(value);
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return false;
        }
        let decoded = base64::engine::general_purpose::STANDARD.decode(value);
        let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = text.as_deref().and_then(|text| text.split_once(':'));
        pair.is_some_and(|(name, password)| {
            is_one_of(
                &combined(name, &Sha256::digest(password).into()),
                &self.users,
            )
        })
    }

    pub fn accept_token(&self, token: &str) -> bool {
        is_one_of(&Sha256::digest(token).into(), &self.tokens)
    }
}

/// The digest that a file gives, or that of the text that it gives.
fn digest(secret: &str) -> Option<Secret> {
    match secret.strip_prefix("{SHA256}") {
        None => Some(Sha256::digest(secret).into()),
        Some(hex) => from_hex(hex.trim()),
    }
}

fn from_hex(hex: &str) -> Option<Secret> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn of_user(name: &str, password: &str) -> Option<Secret> {
    Some(combined(name, &digest(password)?))
}

/// Name and password as one, so that neither is looked up alone.
fn combined(name: &str, password: &Secret) -> Secret {
    let mut hash = Sha256::new();
    hash.update((name.len() as u64).to_be_bytes());
    hash.update(name);
    hash.update(password);
    hash.finalize().into()
}

fn is_one_of(secret: &Secret, known: &[Secret]) -> bool {
    let found = known.iter().fold(Choice::from(0), |found, known| {
        found | known.as_slice().ct_eq(secret)
    });
    found.into()
}

#[cfg(unix)]
fn warn_if_open(path: &Path, facts: &std::fs::Metadata) {
    use std::os::unix::fs::PermissionsExt;
    if facts.permissions().mode() & 0o077 != 0 {
        tracing::warn!(file = %path.display(), "others on this machine may read the credentials: chmod 600");
    }
}

#[cfg(not(unix))]
fn warn_if_open(_: &Path, _: &std::fs::Metadata) {}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::Credentials;

    fn basic(pair: &str) -> String {
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
        format!("Basic {encoded}")
    }

    #[test]
    fn users_and_tokens_are_let_in_and_nobody_else() {
        // The digest is that of `test`.
        let credentials = Credentials::parse(
            "# people\nuser:alice:a:b c\r\n\nuser:bob:{SHA256}9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\ntoken:t0ken\n",
        )
        .unwrap();
        for good in [
            basic("alice:a:b c"),
            basic("bob:test"),
            "bearer t0ken".into(),
        ] {
            assert!(credentials.accept(&good), "{good}");
        }
        let bad = [
            basic("alice:a:b"),
            basic("alice:"),
            basic("bob:{SHA256}9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            basic("carol:test"),
            basic("alice"),
            "Basic ???".into(),
            "Bearer t0ke".into(),
            "Bearer ".into(),
            "Digest t0ken".into(),
            "t0ken".into(),
            String::new(),
        ];
        for bad in bad {
            assert!(!credentials.accept(&bad), "{bad}");
        }
    }

    #[test]
    fn a_bad_line_is_named_and_not_quoted() {
        for (text, line) in [
            ("user:alice\n", "line 1"),
            ("token:x\nuser:alice:\n", "line 2"),
            ("token:\n", "line 1"),
            ("hunter2\n", "line 1"),
            ("token:{SHA256}12\n", "line 1"),
        ] {
            let error = Credentials::parse(text).unwrap_err().message;
            assert!(error.starts_with(line), "{error}");
            assert!(
                !error.contains("hunter2") && !error.contains("alice"),
                "{error}"
            );
        }
        assert!(Credentials::parse("# nobody\n").is_err());
    }
}
