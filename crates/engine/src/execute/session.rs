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
                let name = properties::settable(name)?.to_owned();
                properties::check_value(&name, value)?;
                Ok(Response::Note(session.set(&name, value)))
            }
            Statement::Unset { name } => session.unset(name).map(Response::Note),
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
