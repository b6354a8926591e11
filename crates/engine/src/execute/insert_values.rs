//! INSERT … VALUES: one record, durable when the statement answers.

use weir_plan::Plan;
use weir_sql::Statement;

use super::Response;
use crate::{Engine, Error, Session, engine::World};

impl Engine {
    pub(crate) async fn insert_values(
        &self,
        session: &Session,
        statement: &Statement,
        text: &str,
    ) -> Result<Response, Error> {
        let settings = self.settings(session);
        let state = self.state();
        let plan = weir_plan::plan(
            statement,
            &text.into(),
            &self.context(&state.catalog, &World::default(), &settings),
        )?;
        let Plan::InsertValues(plan) = plan else {
            return Err(Error::user("the statement is no INSERT"));
        };
        self.refuse_values_for(session, &plan.source.topic)?;
        let record = self.inner.parts.runtime.encode_values(&plan)?;
        self.topics()
            .produce(&plan.source.topic, vec![record])
            .await?;
        Ok(Response::Done)
    }
}
