//! SET, UNSET, DEFINE, UNDEFINE: they change the session and nothing else.

use weir_sql::Statement;

use super::{Response, warning};
use crate::{Engine, Error, Session, properties};

impl Engine {
    pub(crate) fn change_session(
        session: &mut Session,
        statement: &Statement,
        text: &str,
    ) -> Result<Response, Error> {
        match statement {
            Statement::Set { name, value } => {
                let before = session.set_property(name, value)?;
                let name = properties::plain_name(name);
                let from = before.map_or(String::new(), |before| format!(" from '{before}'"));
                Ok(Response::Note(format!(
                    "Successfully changed local property '{name}'{from} to '{value}'.{}",
                    match from.is_empty() {
                        true => " Use the UNSET command to revert your change.",
                        false => "",
                    }
                )))
            }
            Statement::Unset { name } => {
                let plain = properties::plain_name(name);
                match session.properties.remove(plain) {
                    Some(value) => Ok(Response::Note(format!(
                        "Successfully unset local property '{plain}' (value was '{value}')."
                    ))),
                    None => Err(Error::user(format!(
                        "Cannot unset local property '{plain}' which was never set in the first place"
                    ))),
                }
            }
            Statement::Define { name, value } => {
                session.variables.define(&name.value, value.clone());
                Ok(Response::Done)
            }
            Statement::Undefine { name } => {
                if session.variables.undefine(&name.value) {
                    return Ok(Response::Done);
                }
                let message = format!(
                    "Cannot undefine variable '{}' which was never defined",
                    name.value.to_lowercase()
                );
                Ok(warning(message, text))
            }
            _ => Ok(Response::Done),
        }
    }
}
