//! What the engine is told: flags before environment before file.
//!
//! The names are Kafka's and ksqlDB's own, so that a `ksql-server.properties` works. The environment is read as
//! ksqlDB's image reads it: `KSQL_KSQL_SERVICE_ID` is `ksql.service.id`.

use std::{collections::BTreeMap, fs, io::BufReader};

use weir_engine::properties;

use crate::{cli::EngineArguments, failure::Failure};

/// Properties by name; a name has one value, from the strongest source that gave one.
#[derive(Default, Clone)]
pub struct Settings {
    pub properties: BTreeMap<String, String>,
}

impl Settings {
    pub fn read(arguments: &EngineArguments) -> Result<Self, Failure> {
        let mut properties = BTreeMap::new();
        if let Some(path) = &arguments.config {
            let cannot_read = |error: &dyn std::fmt::Display| {
                Failure::new(format!("cannot read `{}`: {error}", path.display()))
            };
            let file = fs::File::open(path).map_err(|error| cannot_read(&error))?;
            let read =
                java_properties::read(BufReader::new(file)).map_err(|error| cannot_read(&error))?;
            properties.extend(read);
        }
        properties.extend(
            std::env::vars()
                .filter_map(|(name, value)| Some((property_of_environment(&name)?, value))),
        );
        for assignment in &arguments.set {
            let (name, value) = assignment.split_once('=').ok_or_else(|| {
                let shown = match properties::is_secret(assignment) {
                    true => "…",
                    false => assignment,
                };
                Failure::new(format!("`--set {shown}` has no `=`")).hint("write `--set NAME=VALUE`")
            })?;
            properties.insert(name.trim().to_owned(), value.to_owned());
        }
        if let Some(servers) = &arguments.bootstrap_servers {
            properties.insert("bootstrap.servers".to_owned(), servers.clone());
        }
        if let Some(id) = &arguments.service_id {
            properties.insert("ksql.service.id".to_owned(), id.clone());
        }
        Ok(Self { properties })
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.properties.get(name).map(String::as_str)
    }
}

/// `KSQL_BOOTSTRAP_SERVERS` → `bootstrap.servers`; `None` for what is no property.
fn property_of_environment(name: &str) -> Option<String> {
    let name = name.strip_prefix("KSQL_")?;
    // These configure the JVM and the scripts of ksqlDB's image, not the server.
    let is_for_the_image = ["OPTS", "HEAP_OPTS", "JMX_OPTS", "LOG4J_OPTS", "CLASSPATH"]
        .contains(&name)
        || name.starts_with("LOG4J_");
    (!is_for_the_image && !name.is_empty()).then(|| name.to_lowercase().replace('_', "."))
}

#[cfg(test)]
mod tests {
    use super::property_of_environment;

    #[test]
    fn environment_names_are_those_of_the_image() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(property_of_environment(name).as_deref(), expected, "{name}");
        };
        check("KSQL_KSQL_SERVICE_ID", Some("ksql.service.id"));
        check("KSQL_BOOTSTRAP_SERVERS", Some("bootstrap.servers"));
        check("KSQL_OPTS", None);
        check("PATH", None);
    }
}
