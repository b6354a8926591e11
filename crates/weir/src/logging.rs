//! Log lines on standard error; standard output belongs to results.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command, LogFormat};

/// Starts the log. Only `run` and `server` say what they do unasked: the others speak through their results.
pub fn start(cli: &Cli) {
    let default = match cli.command {
        // What krafka warns of is what we are about to deal with: a topic that is not there yet, a broker that is away.
        Command::Run(_) | Command::Server(_) => {
            "warn,weir=info,weir_server=info,weir_engine=info,weir_runtime=info,krafka=error"
        }
        _ => "error",
    };
    let wanted = cli.log.as_deref().unwrap_or(default);
    let filter = EnvFilter::try_new(wanted).unwrap_or_else(|error| {
        eprintln!("warning: `{wanted}` is no log filter ({error}); `{default}` is in force");
        EnvFilter::new(default)
    });
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match cli.log_format {
        LogFormat::Json => lines.json().init(),
        LogFormat::Text => {
            let wants_colour =
                std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            lines.with_ansi(wants_colour).with_target(false).init();
        }
    }
}
