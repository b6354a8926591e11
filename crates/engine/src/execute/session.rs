//! SET, UNSET, DEFINE, UNDEFINE: they change the session and nothing else.

use weir_sql::Statement;

use super::{Response, warning};
use crate::{Engine, Error, Session, client_side, properties};

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
                Ok(Response::Note(client_side::changed(name, before, value)))
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
