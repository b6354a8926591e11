//! What a site says of its rules' words: placeholders, log sources, layouts.

use std::{fs, path::Path};

use weir_sigma::{Mapping, Options, Placeholders};

use crate::{cli::SigmaSiteArguments, failure::Failure};

fn options(
    site: &SigmaSiteArguments,
    layout: &str,
    topic: &str,
    sink: &str,
) -> Result<Options, Failure> {
    let mapping = match &site.mapping {
        Some(folder) => Mapping::with_folder(layout, folder),
        None => Mapping::built_in(layout),
    };
    let mut options = Options::new(mapping.map_err(Failure::new)?, topic, sink);
    if let Some(file) = &site.placeholders {
        options.placeholders = placeholders(file)?;
    }
    Ok(options)
}

/// For rules whose alerts go from a topic into a sink.
pub fn alerting(
    site: &SigmaSiteArguments,
    layout: &str,
    (topic, stream): (&str, Option<&str>),
    sink: &str,
    has_event: bool,
) -> Result<Options, Failure> {
    let mut options = options(site, layout, topic, sink)?;
    if let Some(stream) = stream {
        stream.clone_into(&mut options.stream);
    }
    options.has_event = has_event;
    Ok(options)
}

/// For rules that are run here: what an alert would carry is not looked at.
pub fn hunting(site: &SigmaSiteArguments, layout: &str) -> Result<Options, Failure> {
    let mut options = options(site, layout, "events", "alerts")?;
    options.has_event = false;
    Ok(options)
}

fn placeholders(file: &Path) -> Result<Placeholders, Failure> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("`{name}` cannot be read: {error}")))?;
    Placeholders::parse(&text).map_err(|error| Failure::new(error.in_file(Some(&name))))
}
